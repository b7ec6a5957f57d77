//! SOCKS5 (RFC 1928) with user and password (RFC 1929). Names are resolved by the proxy.

use std::net::IpAddr;

use super::{Dialogue, ProxyFailure, Stop, beginning};
use crate::transport::Transport;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_PASSWORD: u8 = 2;

/// Asks for the tunnel. Reads not a byte more than the proxy's replies, so the next one belongs to the tunnel.
pub(super) fn connect(
    mut dialogue: Dialogue<'_, '_>,
    host: &str,
    port: u16,
    login: Option<&(String, String)>,
) -> Result<Box<dyn Transport>, Stop> {
    greet(&mut dialogue, login)?;

    // RFC 1928 section 4: VER, CMD (1: connect), RSV, ATYP, address, port.
    let mut request = vec![VERSION, 1, 0];
    match host.parse() {
        Ok(IpAddr::V4(address)) => {
            request.push(1);
            request.extend(address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(4);
            request.extend(address.octets());
        }
        Err(_) => {
            request.push(3);
            push_counted(&mut request, "host", host)?;
        }
    }
    request.extend(port.to_be_bytes());
    dialogue.say(&request)?;

    // Section 6: VER, REP, RSV, ATYP, then the address that the proxy uses, which nobody needs.
    let [version, reply] = hear_exactly(&mut dialogue)?;
    expect_version(VERSION, &[version, reply])?;
    if reply != 0 {
        return Err(ProxyFailure::Socks(reply).into());
    }
    let [_, address_type] = hear_exactly(&mut dialogue)?;
    let length = match address_type {
        1 => 4,
        4 => 16,
        3 => usize::from(hear_exactly::<1>(&mut dialogue)?[0]),
        _ => return Err(other_protocol(&[version, reply, 0, address_type])),
    };
    for _ in 0..length + 2 {
        hear_exactly::<1>(&mut dialogue)?;
    }
    Ok(dialogue.stream)
}

/// The words of RFC 1928 section 6.
pub(super) fn reply_in_words(reply: u8) -> &'static str {
    match reply {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time to live expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown reason",
    }
}

/// RFC 1928 section 3, and RFC 1929 if the proxy wants it.
fn greet(dialogue: &mut Dialogue<'_, '_>, login: Option<&(String, String)>) -> Result<(), Stop> {
    let greeting: &[u8] = match login {
        None => &[VERSION, 1, NO_AUTHENTICATION],
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, USER_PASSWORD],
    };
    dialogue.say(greeting)?;
    let answer = hear_exactly::<2>(dialogue)?;
    expect_version(VERSION, &answer)?;
    match (answer[1], login) {
        (NO_AUTHENTICATION, _) => Ok(()),
        (USER_PASSWORD, Some((user, password))) => {
            let mut request = vec![1];
            push_counted(&mut request, "user", user)?;
            push_counted(&mut request, "password", password)?;
            dialogue.say(&request)?;
            match hear_exactly::<2>(dialogue)? {
                [_, 0] => Ok(()),
                [_, status] => Err(ProxyFailure::Login { user: user.clone(), status }.into()),
            }
        }
        (_, login) => {
            let offered = if login.is_some() { "without a login, user and password" } else { "without a login" };
            Err(ProxyFailure::NoMethod { offered }.into())
        }
    }
}

fn push_counted(request: &mut Vec<u8>, what: &'static str, text: &str) -> Result<(), ProxyFailure> {
    let length = text.len();
    request.push(u8::try_from(length).map_err(|_| ProxyFailure::TooLong { what, length, limit: 255 })?);
    request.extend_from_slice(text.as_bytes());
    Ok(())
}

fn hear_exactly<const N: usize>(dialogue: &mut Dialogue<'_, '_>) -> Result<[u8; N], Stop> {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < N {
        filled += dialogue.hear(&mut bytes[filled..])?;
    }
    Ok(bytes)
}

fn expect_version(version: u8, answer: &[u8]) -> Result<(), Stop> {
    if answer[0] == version { Ok(()) } else { Err(other_protocol(answer)) }
}

fn other_protocol(answer: &[u8]) -> Stop {
    ProxyFailure::OtherProtocol { protocol: "SOCKS5", received: beginning(answer) }.into()
}
