//! `/rpc`: JSON-RPC 2.0 (<https://www.jsonrpc.org/specification>) with batches, and notifications to those who subscribe.

use std::time::{Duration, SystemTime};

use serde_json::{Number, Value, json};

use crate::app::server::{Client, Turn};

/// Between two notifications of a subscription.
const INTERVAL: Duration = Duration::from_millis(200);

/// The most subscriptions of one connection.
const SUBSCRIPTIONS: usize = 16;

pub(super) fn serve(mut client: Client) {
    let mut session = Session::default();
    loop {
        match client.next(session.next_due()) {
            Turn::Message(message) => {
                let now = Moment { elapsed: client.now(), wall: client.wall() };
                if let Some(answer) = session.answer(&message.data, now) {
                    client.say(answer);
                }
            }
            Turn::Due => {
                let ticks = session.ticks(client.now());
                // As of any feed, a client that does not keep up misses some.
                if !client.is_behind() {
                    for tick in ticks {
                        client.say(tick);
                    }
                }
            }
            Turn::Woken | Turn::Writable => {}
            Turn::Over => return,
        }
    }
}

/// When a request is answered.
#[derive(Clone, Copy)]
struct Moment {
    elapsed: Duration,
    wall: SystemTime,
}

/// An error object: code and message (section 5.1).
type Failure = (i32, &'static str);

const PARSE_ERROR: Failure = (-32700, "Parse error");
const INVALID_REQUEST: Failure = (-32600, "Invalid Request");
const METHOD_NOT_FOUND: Failure = (-32601, "Method not found");
const INVALID_PARAMS: Failure = (-32602, "Invalid params");
/// Of the range for a server's own errors.
const TOO_MANY: Failure = (-32000, "Too many subscriptions");

/// What one connection has asked for so far.
#[derive(Debug, Default)]
struct Session {
    subscriptions: Vec<Subscription>,
    /// The last subscription's number.
    last: u64,
}

#[derive(Debug)]
struct Subscription {
    number: u64,
    seq: u64,
    due: Duration,
}

impl Session {
    fn next_due(&self) -> Option<Duration> {
        self.subscriptions.iter().map(|subscription| subscription.due).min()
    }

    /// The notifications that are due.
    fn ticks(&mut self, now: Duration) -> Vec<String> {
        let due = self.subscriptions.iter_mut().filter(|subscription| subscription.due <= now);
        due.map(|subscription| {
            subscription.seq += 1;
            subscription.due += INTERVAL;
            let params = json!({"subscription": subscription.number, "seq": subscription.seq});
            json!({"jsonrpc": "2.0", "method": "tick", "params": params}).to_string()
        })
        .collect()
    }

    /// The answer to a message; `None` if it holds notifications only.
    fn answer(&mut self, message: &[u8], now: Moment) -> Option<String> {
        let answer = match serde_json::from_slice(message) {
            Err(_) => Some(failed(&Value::Null, PARSE_ERROR)),
            Ok(Value::Array(batch)) if !batch.is_empty() => {
                let answers: Vec<Value> = batch.iter().filter_map(|request| self.answer_one(request, now)).collect();
                (!answers.is_empty()).then_some(Value::Array(answers))
            }
            Ok(request) => self.answer_one(&request, now),
        };
        answer.map(|answer| answer.to_string())
    }

    fn answer_one(&mut self, request: &Value, now: Moment) -> Option<Value> {
        let id = request.get("id").filter(|id| id.is_string() || id.is_number() || id.is_null());
        let is_valid = request.get("jsonrpc").is_some_and(|version| version == "2.0")
            && request.get("id").is_some() == id.is_some()
            && request.get("params").is_none_or(|params| params.is_array() || params.is_object());
        let method = request.get("method").and_then(Value::as_str).filter(|_| is_valid);
        let Some(method) = method else {
            return Some(failed(id.unwrap_or(&Value::Null), INVALID_REQUEST));
        };
        let result = self.call(method, request.get("params").unwrap_or(&Value::Null), now);
        // Without an id it is a notification, and not answered whatever comes of it (section 4.1).
        let id = id?;
        Some(match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(failure) => failed(id, failure),
        })
    }

    fn call(&mut self, method: &str, params: &Value, now: Moment) -> Result<Value, Failure> {
        match method {
            "echo" => Ok(params.clone()),
            "add" => params.as_array().and_then(|numbers| sum(numbers)).map(Value::Number).ok_or(INVALID_PARAMS),
            "time" => {
                let time = jiff::Timestamp::try_from(now.wall).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
                Ok(format!("{time:.3}").into())
            }
            "subscribe" if self.subscriptions.len() < SUBSCRIPTIONS => {
                self.last += 1;
                let due = now.elapsed + INTERVAL;
                self.subscriptions.push(Subscription { number: self.last, seq: 0, due });
                Ok(self.last.into())
            }
            "subscribe" => Err(TOO_MANY),
            "unsubscribe" => {
                let number = params.get(0).or_else(|| params.get("subscription")).and_then(Value::as_u64);
                let number = number.ok_or(INVALID_PARAMS)?;
                let before = self.subscriptions.len();
                self.subscriptions.retain(|subscription| subscription.number != number);
                Ok((self.subscriptions.len() < before).into())
            }
            _ => Err(METHOD_NOT_FOUND),
        }
    }
}

/// The sum as an integer if it is one and fits; `None` if something is no number or the sum is not finite.
fn sum(numbers: &[Value]) -> Option<Number> {
    let whole = numbers.iter().try_fold(0i64, |sum, number| sum.checked_add(number.as_i64()?));
    let floating = || numbers.iter().map(Value::as_f64).sum::<Option<f64>>().and_then(Number::from_f64);
    whole.map(Number::from).or_else(floating)
}

fn failed(id: &Value, (code, message): Failure) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment { elapsed: Duration::from_secs(5), wall: SystemTime::UNIX_EPOCH };

    #[track_caller]
    fn check(session: &mut Session, message: &str, answer: Option<&str>) {
        assert_eq!(session.answer(message.as_bytes(), NOW).as_deref(), answer, "{message}");
    }

    #[test]
    fn methods_answer() {
        let session = &mut Session::default();
        for (method, params, result) in [
            ("echo", r#"{"a":[1,2]}"#, r#"{"a":[1,2]}"#),
            ("add", "[1,2,39]", "42"),
            ("add", "[0.5,1]", "1.5"),
            ("add", "[9223372036854775807,1]", "9.223372036854776e+18"),
            ("add", "[]", "0"),
            ("time", "[]", r#""1970-01-01T00:00:00.000Z""#),
            ("subscribe", "[]", "1"),
            ("subscribe", "[]", "2"),
            ("unsubscribe", "[1]", "true"),
            ("unsubscribe", r#"{"subscription":1}"#, "false"),
        ] {
            let request = format!(r#"{{"jsonrpc":"2.0","id":"x","method":"{method}","params":{params}}}"#);
            check(session, &request, Some(&format!(r#"{{"jsonrpc":"2.0","id":"x","result":{result}}}"#)));
        }
    }

    #[test]
    fn what_is_wrong_gets_the_code_that_the_specification_has_for_it() {
        let session = &mut Session::default();
        for (message, id, code, text) in [
            ("{", "null", -32700, "Parse error"),
            ("\u{0}", "null", -32700, "Parse error"),
            ("[]", "null", -32600, "Invalid Request"),
            ("1", "null", -32600, "Invalid Request"),
            (r#"{"jsonrpc":"1.0","id":1,"method":"echo"}"#, "1", -32600, "Invalid Request"),
            (r#"{"jsonrpc":"2.0","id":[],"method":"echo"}"#, "null", -32600, "Invalid Request"),
            (r#"{"jsonrpc":"2.0","id":1,"method":1}"#, "1", -32600, "Invalid Request"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"echo","params":1}"#, "1", -32600, "Invalid Request"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"dance"}"#, "1", -32601, "Method not found"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"add","params":["1"]}"#, "1", -32602, "Invalid params"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"add","params":[1e308,1e308]}"#, "1", -32602, "Invalid params"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"unsubscribe"}"#, "1", -32602, "Invalid params"),
        ] {
            let answer = format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":"{text}"}}}}"#);
            check(session, message, Some(&answer));
        }
    }

    #[test]
    fn notifications_are_not_answered_and_a_batch_answers_what_is_left() {
        let session = &mut Session::default();
        let notification = r#"{"jsonrpc":"2.0","method":"dance"}"#;
        check(session, notification, None);
        check(session, &format!("[{notification}]"), None);
        let batch = format!(r#"[{notification},{{"jsonrpc":"2.0","id":7,"method":"add","params":[1]}}]"#);
        check(session, &batch, Some(r#"[{"jsonrpc":"2.0","id":7,"result":1}]"#));
    }

    #[test]
    fn a_subscription_ticks_until_it_ends() {
        let session = &mut Session::default();
        check(
            session,
            r#"{"jsonrpc":"2.0","id":1,"method":"subscribe"}"#,
            Some(r#"{"jsonrpc":"2.0","id":1,"result":1}"#),
        );
        assert_eq!(session.next_due(), Some(Duration::from_millis(5200)));
        assert_eq!(session.ticks(Duration::from_millis(5199)), Vec::<String>::new());
        let tick = r#"{"jsonrpc":"2.0","method":"tick","params":{"subscription":1,"seq":1}}"#;
        assert_eq!(session.ticks(Duration::from_millis(5200)), [tick]);
        check(session, r#"{"jsonrpc":"2.0","method":"unsubscribe","params":[1]}"#, None);
        assert_eq!(session.next_due(), None);
    }

    #[test]
    fn subscriptions_have_a_limit() {
        let session = &mut Session::default();
        let subscribe = r#"{"jsonrpc":"2.0","id":1,"method":"subscribe"}"#;
        for _ in 0..SUBSCRIPTIONS {
            session.answer(subscribe.as_bytes(), NOW);
        }
        let refusal = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"Too many subscriptions"}}"#;
        check(session, subscribe, Some(refusal));
    }
}
