//! Requests that are no opening handshake, such as the long polling that Socket.IO begins with: passed on as bytes, one on each
//! connection, so that each has its own lines in the recording.

use bytes::Bytes;

use super::asking::Upstream;
use super::bad_gateway;
use crate::event::{Kind, Response};
use crate::handshake::ResponseReader;
use crate::session::{Asked, OpenError, Timeline, dial, exchange};
use crate::transport::Prefixed;

/// Passes on a request with whatever follows it, and the answer.
///
/// # Errors
/// Why the server could not be reached, which the client has been told.
pub(super) fn pass_on(upstream: &Upstream, asked: Asked, timeline: &Timeline) -> Result<(), OpenError> {
    let emit = |number: u32, kind: Kind| {
        timeline.emit(timeline.clock().elapsed(), number, kind);
    };
    let target = upstream.target(&asked.request);
    let (client, server) = (asked.number(), timeline.open_connection());
    let url = target.url().replacen("ws", "http", 1);
    timeline.note(client, format!("no opening handshake: passed on to {url} as connection {server}"));
    let request = upstream.http_request(&asked.request, &target).map_err(OpenError::from);
    let opened = request.and_then(|request| Ok((request, dial(&upstream.options, &target, timeline, server)?)));
    let (request, transport) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            let _ = asked.answer(bad_gateway(&error.to_string()));
            return Err(error);
        }
    };
    emit(server, Kind::Request(request.raw.clone()));
    let mut reader = Some(ResponseReader::default());
    let hear = |bytes: &[u8]| {
        let Some(Ok(Some((response, _)))) = reader.as_mut().map(|reader| reader.receive(bytes)) else { return };
        reader = None;
        for number in [server, client] {
            let (raw, status) = (response.raw.clone(), response.status);
            emit(number, Kind::Response(Box::new(Response { raw, status, body: Bytes::new(), body_cut: false })));
        }
    };
    let asking = Prefixed::wrap(request.raw.into(), asked.into_transport());
    let told = match exchange([asking, transport], hear) {
        Ok([back, there]) => format!("passed on {there} bytes to the server and {back} to the client"),
        Err(error) => format!("not all could be passed on: {error}"),
    };
    timeline.note(client, told);
    Ok(())
}
