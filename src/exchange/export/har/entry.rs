//! An entry without its messages: request, response and timings, as browsers write them.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::plan::Entry;
use crate::event::{self, Role};
use crate::exchange::export::wall::Wall;
use crate::handshake::{Headers, Request, RequestReader, Response, ResponseReader, percent_decode};

/// A time or a size that is not known.
const UNKNOWN: i32 = -1;

impl Entry {
    /// The object, whose last member is a string.
    pub(super) fn head(&self, wall: &mut Wall) -> String {
        let raw = self.request.as_ref().map(|(_, raw)| raw);
        let request = raw.and_then(|raw| RequestReader::default().receive(raw).ok()?).map(|(request, _)| request);
        let open = self.open.as_deref();
        let tls = open.and_then(|open| open.tls.as_ref()).map(|(time, _)| *time);
        let (dns, tcp) = (open.and_then(|open| open.dns), open.and_then(|open| open.tcp));
        let before = [dns, tcp, tls].into_iter().flatten().sum();
        let connect = tcp.map(|tcp| tcp + tls.unwrap_or_default());
        let asked = self.request.as_ref().map_or(self.begun, |(time, _)| *time);
        let answered = self.response.as_ref().map(|(time, _)| *time);
        let wait = answered.unwrap_or(self.ended).saturating_sub(asked);
        let receive = answered.map(|answered| self.ended.saturating_sub(answered)).unwrap_or_default();
        let send = asked.saturating_sub(self.begun);
        let mut started = Vec::new();
        wall.write(self.begun.saturating_sub(before), &mut started);
        let url = self.url(request.as_ref());
        let mut entry = json!({
            "startedDateTime": String::from_utf8_lossy(&started),
            "time": millis(dns.unwrap_or_default() + connect.unwrap_or_default() + send + wait + receive),
            "request": json_of_request(&url, request.as_ref(), raw.map(Bytes::len)),
            "response": self.json_of_response(),
            "cache": {},
            "timings": {
                "blocked": UNKNOWN,
                "dns": known(dns),
                "connect": known(connect),
                "ssl": known(tls),
                "send": millis(send),
                "wait": millis(wait),
                "receive": millis(receive),
            },
        });
        let client = open.filter(|open| open.role == Role::Client);
        let address = client.and_then(|open| open.address);
        if let Some(address) = address {
            entry["serverIPAddress"] = address.ip().to_string().into();
        }
        // HAR leaves open what tells connections apart. DevTools take it for the server's port.
        let connection = address.map_or(self.connection, |address| address.port().into());
        entry["connection"] = connection.to_string().into();
        entry["_resourceType"] = "websocket".into();
        entry.to_string()
    }

    /// What was asked for, as an absolute URL: a server knows no more than the resource and what `Host` says.
    fn url(&self, request: Option<&Request>) -> String {
        let open = self.open.as_deref();
        let url = open.map(|open| open.url.as_str());
        if let Some(url) = url.filter(|url| url.contains("://")) {
            return url.to_owned();
        }
        let secure = open.is_some_and(|open| open.tls.is_some());
        let host = request.and_then(|request| request.headers.get("Host"));
        let resource = url.or(request.map(|request| request.resource.as_str())).unwrap_or("/");
        format!("{}://{}{resource}", if secure { "wss" } else { "ws" }, host.as_deref().unwrap_or("unknown"))
    }

    /// Without an answer a status of 0, as browsers have it.
    fn json_of_response(&self) -> Value {
        let answer = self.response.as_ref().map(|(_, response)| response.as_ref());
        let head = answer.and_then(|answer| ResponseReader::default().receive(&answer.raw).ok()?).map(|(head, _)| head);
        let headers = head.as_ref().map(|head| &head.headers);
        let body = answer.filter(|answer| !answer.body_cut);
        let mut response = json!({
            "status": answer.map_or(0, |answer| answer.status),
            "statusText": head.as_ref().map_or("", |head| &head.reason),
            "httpVersion": head.as_ref().map_or(String::new(), |head| version(head.version)),
            "headers": headers.map_or(json!([]), json_of_headers),
            "cookies": headers.map_or(json!([]), set_cookies),
            "content": answer.map_or(json!({"size": 0, "mimeType": "x-unknown"}), |answer| content(answer, head.as_ref())),
            "redirectURL": headers.and_then(|headers| headers.get("Location")).unwrap_or_default(),
            "headersSize": answer.map_or(UNKNOWN.into(), |answer| json!(answer.raw.len())),
            "bodySize": body.map_or(UNKNOWN.into(), |answer| json!(answer.body.len())),
        });
        if let Some(error) = &self.error {
            response["_error"] = error.as_str().into();
        }
        response
    }
}

fn json_of_request(url: &str, request: Option<&Request>, size: Option<usize>) -> Value {
    let headers = request.map(|request| &request.headers);
    json!({
        "method": request.map_or("GET", |request| &request.method),
        "url": url,
        "httpVersion": request.map_or(String::new(), |request| version(request.version)),
        "headers": headers.map_or(json!([]), json_of_headers),
        "queryString": query(url),
        "cookies": headers.map_or(json!([]), cookies),
        "headersSize": size.map_or(UNKNOWN.into(), |size| json!(size)),
        "bodySize": 0,
    })
}

fn version(minor: u8) -> String {
    format!("HTTP/1.{minor}")
}

fn pair(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

fn json_of_headers(headers: &Headers) -> Value {
    headers.iter().map(|header| pair(&header.name, &header.text())).collect()
}

/// The parameters behind the question mark, decoded where that gives text.
fn query(url: &str) -> Value {
    let Some((_, query)) = url.split_once('?') else { return json!([]) };
    let decoded = |text: &str| percent_decode(text).unwrap_or_else(|| text.to_owned());
    let pairs = query.split('&').filter(|each| !each.is_empty()).map(|each| each.split_once('=').unwrap_or((each, "")));
    pairs.map(|(name, value)| pair(&decoded(name), &decoded(value))).collect()
}

fn cookies(headers: &Headers) -> Value {
    let values: Vec<_> = headers.all("Cookie").map(|header| header.text().into_owned()).collect();
    let pairs = values.iter().flat_map(|value| value.split(';')).filter_map(|each| each.trim().split_once('='));
    pairs.map(|(name, value)| pair(name, value)).collect()
}

fn set_cookies(headers: &Headers) -> Value {
    let cookie = |header: &crate::handshake::Header| {
        let text = header.text().into_owned();
        let mut parts = text.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let mut cookie = pair(name, value);
        for part in parts {
            let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
            match attribute.to_ascii_lowercase().as_str() {
                "path" => cookie["path"] = value.into(),
                "domain" => cookie["domain"] = value.into(),
                "httponly" => cookie["httpOnly"] = true.into(),
                "secure" => cookie["secure"] = true.into(),
                _ => {}
            }
        }
        Some(cookie)
    };
    headers.all("Set-Cookie").filter_map(cookie).collect()
}

fn content(answer: &event::Response, head: Option<&Response>) -> Value {
    let kind = head.and_then(|head| head.headers.get("Content-Type"));
    let mut content = json!({"size": answer.body.len(), "mimeType": kind.as_deref().unwrap_or("x-unknown")});
    match std::str::from_utf8(&answer.body) {
        Ok("") => {}
        Ok(text) => content["text"] = text.into(),
        Err(_) => {
            content["text"] = STANDARD.encode(&answer.body).into();
            content["encoding"] = "base64".into();
        }
    }
    content
}

#[allow(clippy::cast_precision_loss, reason = "a time in milliseconds is a number with decimals")]
fn millis(time: Duration) -> Value {
    (time.as_micros() as f64 / 1000.0).into()
}

fn known(time: Option<Duration>) -> Value {
    time.map_or(UNKNOWN.into(), millis)
}
