//! Where a redirecting answer leads (RFC 9110 section 15.4; RFC 6455 section 4.1 lets a client follow it).

use super::response::Response;
use super::target::{Target, TargetError};

/// The most redirects to follow in a row.
pub const MAX_REDIRECTS: usize = 10;

/// A redirect that can be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    pub target: Target,
    /// From `wss` to `ws`: what is sent from here on can be read on the way.
    pub leaves_tls: bool,
    /// To another scheme, host or port: `Authorization` and `Cookie` must stay behind.
    pub other_origin: bool,
}

/// Why a redirect can't be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    #[error("the redirect {0} has no Location header")]
    NoLocation(u16),
    #[error("the redirect to {location:?} can't be followed: {error}")]
    Location { location: String, error: TargetError },
}

/// Where `response`, the answer to a request to `from`, leads; `None` if it is not a redirect.
///
/// # Errors
/// There is no `Location`, or none that a WebSocket client can connect to.
pub fn redirect(from: &Target, response: &Response) -> Result<Option<Redirect>, RedirectError> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers.get("Location").ok_or(RedirectError::NoLocation(response.status))?;
    match from.join(&location) {
        Ok(target) => Ok(Some(Redirect {
            leaves_tls: from.secure && !target.secure,
            other_origin: !from.same_origin(&target),
            target,
        })),
        Err(error) => Err(RedirectError::Location { location: location.into_owned(), error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(status: u16, headers: &[(&str, &str)]) -> Result<Option<Redirect>, String> {
        let from = Target::parse("wss://ann:x@h/a").expect("a good URL");
        redirect(&from, &Response::new(status, headers).expect("good headers")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_redirect_says_where_it_leads_and_what_changes() {
        let cases = [
            ("/b", "wss://h/b", false, false),
            ("https://H/b", "wss://H/b", false, false),
            ("http://h/b", "ws://h/b", true, true),
            ("//other/b", "wss://other/b", false, true),
            ("https://h:444/b", "wss://h:444/b", false, true),
        ];
        for (location, url, leaves_tls, other_origin) in cases {
            let found = follow(302, &[("location", location)]).expect(location).expect(location);
            assert_eq!((found.target.url().as_str(), found.leaves_tls), (url, leaves_tls), "{location}");
            assert_eq!(
                (found.other_origin, found.target.user_info.is_none()),
                (other_origin, other_origin),
                "{location}"
            );
        }
        assert_eq!(follow(200, &[("Location", "/b")]), Ok(None));
        assert_eq!(follow(304, &[("Location", "/b")]), Ok(None));
    }

    #[test]
    fn a_redirect_that_leads_nowhere_says_why() {
        assert_eq!(follow(301, &[]), Err("the redirect 301 has no Location header".to_owned()));
        assert_eq!(
            follow(301, &[("Location", "ftp://h/")]),
            Err("the redirect to \"ftp://h/\" can't be followed: unknown scheme \"ftp\" in \"ftp://h/\": \
                 use ws, wss, http or https"
                .to_owned())
        );
    }
}
