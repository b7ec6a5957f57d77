//! permessage-deflate negotiated (RFC 7692 section 7.1): offers written and chosen from, answers checked.

use std::ops::Range;

use super::extensions::{Extension, Parameter, extensions};
use super::{DeflateOffer, Fault, Request};
use crate::protocol::DeflateParams;

/// The extension's name (RFC 7692 section 7).
pub(super) const NAME: &str = "permessage-deflate";

const SERVER_NO_CONTEXT: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT: &str = "client_no_context_takeover";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";

/// The window without a limit, as the base-2 logarithm of its bytes.
const MAX_BITS: u8 = 15;

impl DeflateOffer {
    /// The header value: `permessage-deflate; client_max_window_bits`.
    #[must_use]
    pub fn to_header(&self) -> String {
        let parts = [
            Some(NAME.to_owned()),
            self.server_no_context_takeover.then(|| SERVER_NO_CONTEXT.to_owned()),
            self.client_no_context_takeover.then(|| CLIENT_NO_CONTEXT.to_owned()),
            self.server_max_window_bits.map(|bits| format!("{SERVER_BITS}={bits}")),
            self.client_max_window_bits.map(|bits| match bits {
                Some(bits) => format!("{CLIENT_BITS}={bits}"),
                None => CLIENT_BITS.to_owned(),
            }),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// What holds once a server has answered with these parameters.
    fn params(&self) -> DeflateParams {
        DeflateParams {
            server_no_context_takeover: self.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover,
            server_max_window_bits: self.server_max_window_bits.unwrap_or(MAX_BITS),
            client_max_window_bits: self.client_max_window_bits.flatten().unwrap_or(MAX_BITS),
        }
    }

    /// The answer to this offer that respects both it and what the server wants for itself.
    fn answer(&self, wants: &DeflateOffer) -> DeflateOffer {
        let smaller = |offered: Option<u8>, wanted: Option<u8>| offered.into_iter().chain(wanted).min();
        let wanted_of_client = wants.client_max_window_bits.flatten();
        DeflateOffer {
            server_no_context_takeover: self.server_no_context_takeover || wants.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover || wants.client_no_context_takeover,
            // An offered limit has to be answered with the same or a smaller one (section 7.1.2.1).
            server_max_window_bits: smaller(self.server_max_window_bits, wants.server_max_window_bits),
            // A client that did not name the parameter can't be limited (section 7.1.2.2).
            client_max_window_bits: self
                .client_max_window_bits
                .and_then(|offered| smaller(offered, wanted_of_client))
                .map(Some),
        }
    }
}

impl From<DeflateParams> for DeflateOffer {
    /// What a server wants so that these hold in the end.
    fn from(params: DeflateParams) -> DeflateOffer {
        let limit = |bits: u8| (bits < MAX_BITS).then_some(bits);
        DeflateOffer {
            server_no_context_takeover: params.server_no_context_takeover,
            client_no_context_takeover: params.client_no_context_takeover,
            server_max_window_bits: limit(params.server_max_window_bits),
            client_max_window_bits: limit(params.client_max_window_bits).map(Some),
        }
    }
}

/// Every offer of permessage-deflate among these headers, as it is written, joined by `, `; `None` if there is none.
#[must_use]
pub fn deflate_offers(request: &Request) -> Option<String> {
    let offers = extensions(&request.headers).flatten().filter(is_deflate);
    let offers: Vec<_> = offers.map(|offer| String::from_utf8_lossy(&request.raw[offer.at]).into_owned()).collect();
    (!offers.is_empty()).then(|| offers.join(", "))
}

/// A server's choice: the first offer that is valid, and what to answer. `wants` is what the server wants for itself.
///
/// An offer with an unknown, repeated or invalid parameter is declined and the next one tried (RFC 7692 section 7.1).
pub(super) fn choose(offers: &[Extension], wants: &DeflateOffer) -> Option<(DeflateParams, String)> {
    offers.iter().filter(|extension| is_deflate(extension)).find_map(|extension| {
        let (offer, faults) = read(extension, Side::Offer);
        let answer = offer.answer(wants);
        faults.is_empty().then(|| (answer.params(), answer.to_header()))
    })
}

/// A client's reading of the answer: what holds, and what is wrong with it beside the offers that were sent.
///
/// The answer does not say which of several offers it accepts: it is read as the one that it fits best.
pub(super) fn agree(answer: &Extension, offers: &[Extension]) -> (DeflateParams, Vec<Fault>) {
    let (said, faults) = read(answer, Side::Answer);
    let mut params = said.params();
    let offers = offers.iter().filter(|offer| is_deflate(offer)).map(|offer| read(offer, Side::Offer).0);
    let best = offers.map(|offer| (compare(answer, &said, &offer), offer)).min_by_key(|(faults, _)| faults.len());
    let Some((against_offer, offer)) = best else { return (params, faults) };
    if said.client_max_window_bits.is_none() {
        // The client keeps to its own hint even where the server is silent (section 7.1.2.2).
        params.client_max_window_bits = offer.client_max_window_bits.flatten().unwrap_or(MAX_BITS);
    }
    (params, faults.into_iter().chain(against_offer).collect())
}

pub(super) fn is_deflate(extension: &Extension) -> bool {
    extension.name.eq_ignore_ascii_case(NAME)
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Offer,
    Answer,
}

/// Reads the parameters, those that are right, and says what is wrong with the others.
fn read(extension: &Extension, side: Side) -> (DeflateOffer, Vec<Fault>) {
    let mut offer = DeflateOffer::default();
    let mut faults = Vec::new();
    for (index, parameter) in extension.parameters.iter().enumerate() {
        let name = parameter.name.as_str();
        if extension.parameters[..index].iter().any(|earlier| earlier.name == name) {
            let expected = format!("{name} at most once");
            faults.push(fault("repeated extension parameter", "RFC 7692 7.1", expected, parameter));
            continue;
        }
        let bits = parameter.value.as_deref().and_then(window_bits);
        match (name, &parameter.value, bits) {
            (SERVER_NO_CONTEXT, None, _) => offer.server_no_context_takeover = true,
            (CLIENT_NO_CONTEXT, None, _) => offer.client_no_context_takeover = true,
            (SERVER_BITS, _, Some(bits)) => offer.server_max_window_bits = Some(bits),
            (CLIENT_BITS, _, Some(bits)) => offer.client_max_window_bits = Some(Some(bits)),
            (CLIENT_BITS, None, _) if side == Side::Offer => offer.client_max_window_bits = Some(None),
            (SERVER_NO_CONTEXT, ..) => {
                faults.push(fault(
                    "invalid extension parameter",
                    "RFC 7692 7.1.1.1",
                    format!("{name} without a value"),
                    parameter,
                ));
            }
            (CLIENT_NO_CONTEXT, ..) => {
                faults.push(fault(
                    "invalid extension parameter",
                    "RFC 7692 7.1.1.2",
                    format!("{name} without a value"),
                    parameter,
                ));
            }
            (SERVER_BITS | CLIENT_BITS, ..) => {
                let section = if name == SERVER_BITS { "RFC 7692 7.1.2.1" } else { "RFC 7692 7.1.2.2" };
                faults.push(fault("invalid extension parameter", section, format!("{name}=8 to {name}=15"), parameter));
            }
            _ => {
                let expected = format!("{SERVER_NO_CONTEXT}, {CLIENT_NO_CONTEXT}, {SERVER_BITS} or {CLIENT_BITS}");
                faults.push(fault("unknown extension parameter", "RFC 7692 7.1", expected, parameter));
            }
        }
    }
    (offer, faults)
}

/// What an answer breaks of this offer.
fn compare(answer: &Extension, said: &DeflateOffer, offer: &DeflateOffer) -> Vec<Fault> {
    let mut faults = Vec::new();
    let parameter = |name: &str| answer.parameters.iter().find(|parameter| parameter.name == name);
    let mut wrong = |rule: &'static str, section: &'static str, expected: String, name: &str| {
        let (got, at) = match parameter(name) {
            Some(parameter) => (written(parameter), parameter.at.clone()),
            None => (format!("no {name}"), answer.at.clone()),
        };
        faults.push(Fault { rule: rule.into(), section: section.into(), expected, got, at });
    };
    if offer.server_no_context_takeover && parameter(SERVER_NO_CONTEXT).is_none() {
        let expected = format!("{SERVER_NO_CONTEXT}, as offered");
        wrong("unanswered extension parameter", "RFC 7692 7.1.1.1", expected, SERVER_NO_CONTEXT);
    }
    match (offer.server_max_window_bits, said.server_max_window_bits) {
        (Some(limit), Some(bits)) if bits > limit => {
            let expected = format!("{SERVER_BITS} of at most {limit}, as offered");
            wrong("window bits over the offer", "RFC 7692 7.1.2.1", expected, SERVER_BITS);
        }
        (Some(limit), None) if parameter(SERVER_BITS).is_none() => {
            let expected = format!("{SERVER_BITS} of at most {limit}, as offered");
            wrong("unanswered extension parameter", "RFC 7692 7.1.2.1", expected, SERVER_BITS);
        }
        _ => {}
    }
    match (offer.client_max_window_bits, said.client_max_window_bits.flatten()) {
        (None, _) if parameter(CLIENT_BITS).is_some() => {
            let expected = format!("no {CLIENT_BITS}: it was not offered");
            wrong("unsolicited extension parameter", "RFC 7692 7.1.2.2", expected, CLIENT_BITS);
        }
        (Some(Some(limit)), Some(bits)) if bits > limit => {
            let expected = format!("{CLIENT_BITS} of at most {limit}, as offered");
            wrong("window bits over the offer", "RFC 7692 7.1.2.2", expected, CLIENT_BITS);
        }
        _ => {}
    }
    faults
}

/// A decimal number from 8 to 15 without leading zeros (RFC 7692 section 7.1.2).
fn window_bits(text: &str) -> Option<u8> {
    (8..=MAX_BITS).find(|bits| bits.to_string() == text)
}

fn fault(rule: &'static str, section: &'static str, expected: String, parameter: &Parameter) -> Fault {
    let at: Range<usize> = parameter.at.clone();
    Fault { rule: rule.into(), section: section.into(), expected, got: written(parameter), at }
}

fn written(parameter: &Parameter) -> String {
    match &parameter.value {
        Some(value) => format!("{}={value}", parameter.name),
        None => parameter.name.clone(),
    }
}

#[cfg(test)]
mod tests;
