//! The opening handshake (RFC 6455 section 4), from and to raw bytes, for both ends.
//!
//! Written by hand and read with `httparse`, since order, case and duplicates of headers are evidence, and a fault is a
//! diagnosis beside the bytes rather than an error instead of them.

mod accept;
mod body;
mod check;
mod deflate;
mod extensions;
mod garbage;
mod head;
mod headers;
mod redirect;
mod request;
mod response;
mod target;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use crate::protocol::DeflateParams;

pub use accept::{Accepted, Refusal, ServerOffer, accept};
pub use body::{Body, BodyReader, MAX_BODY};
pub use check::check;
pub use deflate::deflate_offers;
pub use extensions::{Extension, MalformedExtension, Parameter, extensions};
pub use garbage::Looks;
pub use head::{HeadError, MAX_HEAD};
pub use headers::{Header, HeaderError, Headers};
pub use redirect::{MAX_REDIRECTS, Redirect, RedirectError, redirect};
pub use request::{Opening, Request, RequestReader, basic, bearer};
pub use response::{Response, ResponseReader};
pub use target::{Target, TargetError, percent_decode};

/// A rule of the opening handshake that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The rule in a few words: `wrong Sec-WebSocket-Accept`.
    pub rule: Cow<'static, str>,
    /// Where it stands: `RFC 6455 4.1`.
    pub section: Cow<'static, str>,
    /// What should have been there.
    pub expected: String,
    /// What was there.
    pub got: String,
    /// The offending bytes of the raw response (or request) head; empty if something is missing.
    pub at: Range<usize>,
}

/// What both ends agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Negotiated {
    pub subprotocol: Option<String>,
    /// The value of `Sec-WebSocket-Extensions` as the server sent it, several headers joined by `, `.
    pub extensions: Option<String>,
    /// permessage-deflate, if it is among them.
    pub deflate: Option<DeflateParams>,
}

/// An offer of permessage-deflate, parameter by parameter (RFC 7692 section 7.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeflateOffer {
    pub server_no_context_takeover: bool,
    pub client_no_context_takeover: bool,
    /// `None`: not mentioned.
    pub server_max_window_bits: Option<u8>,
    /// `None`: not mentioned; `Some(None)`: named without a value.
    pub client_max_window_bits: Option<Option<u8>>,
}
