//! Paths that end a connection or do not let it begin: `/auth`, `/redirect`, `/close`.

use super::{Answer, Client, accepted, refuse, split};
use crate::command::Command;
use crate::handshake::{Request, percent_decode};
use crate::protocol::close::MAX_REASON;

/// Who does not know the token gets a 401 with a body in JSON, as of an API (RFC 6750 section 3).
pub(super) fn auth(request: &Request) -> Answer {
    let credentials = request.headers.get("Authorization").unwrap_or_default();
    // The scheme in any case (RFC 9110 section 11.1), the token exactly.
    if credentials
        .split_once(' ')
        .is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("Bearer") && token == "demo")
    {
        return accepted(request);
    }
    let headers = [("WWW-Authenticate", "Bearer realm=\"demo\""), ("Content-Type", "application/json")];
    refuse(401, &headers, "{\"error\":\"unauthorized\",\"hint\":\"the token is demo\"}\n")
}

/// To `/echo`, by a `Location` without scheme and host.
pub(super) fn redirect(_: &Request) -> Answer {
    refuse(302, &[("Location", "/echo")], "it is at /echo\n")
}

/// A query that no close frame can be made of is refused before the connection is open.
pub(super) fn close(request: &Request) -> Answer {
    match wish(&request.resource) {
        Ok(_) => accepted(request),
        Err(why) => refuse(400, &[], &format!("{why}\n")),
    }
}

/// Any code goes, right or wrong.
pub(super) fn serve_close(mut client: Client) {
    if let Ok((code, reason)) = wish(&client.resource) {
        client.send(Command::Close { code: Some(code), reason, force: true });
    }
    client.echo_all();
}

/// The status code (1000 if there is none) and the reason in the query.
fn wish(resource: &str) -> Result<(u16, String), String> {
    let (mut code, mut reason) = (1000, String::new());
    for (name, value) in split(resource).1.split('&').filter_map(|pair| pair.split_once('=')) {
        // As forms are encoded: a plus sign is a blank.
        let decoded = percent_decode(&value.replace('+', " "));
        let value = decoded.ok_or_else(|| format!("{name}={value:?} is not percent-encoded UTF-8"))?;
        match name {
            "code" => code = value.parse().map_err(|_| format!("code {value:?} is no number from 0 to 65535"))?,
            "reason" if value.len() > MAX_REASON => {
                return Err(format!("a reason has at most {MAX_REASON} bytes, this one has {}", value.len()));
            }
            "reason" => reason = value,
            _ => {}
        }
    }
    Ok((code, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_reason_are_read_from_the_query() {
        assert_eq!(wish("/close"), Ok((1000, String::new())));
        assert_eq!(wish("/close?reason=good+bye%21&code=4001&x"), Ok((4001, "good bye!".into())));
        assert_eq!(wish("/close?code=1006"), Ok((1006, String::new())));
        assert_eq!(wish("/close?code=70000"), Err("code \"70000\" is no number from 0 to 65535".into()));
        assert_eq!(wish("/close?reason=%ff"), Err("reason=\"%ff\" is not percent-encoded UTF-8".into()));
        let long = format!("/close?reason={}", "x".repeat(124));
        assert_eq!(wish(&long), Err("a reason has at most 123 bytes, this one has 124".into()));
    }
}
