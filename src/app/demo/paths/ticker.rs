//! `/ticker`: a price feed, as JSON, whatever the client says. One that comes back asks for what is `?after=` what it has seen.

use std::time::Duration;

use serde_json::json;

use super::split;
use crate::app::server::{Client, Turn};

const INTERVAL: Duration = Duration::from_millis(200);

/// Symbols, and the price in cents that each moves around.
const SYMBOLS: [(&str, u64); 3] = [("ACME", 10_125), ("GLOBEX", 4_280), ("INITECH", 1_999)];

pub(super) fn serve(mut client: Client) {
    let (mut seq, mut due) = (after(&client.resource) + 1, client.now());
    loop {
        match client.next(Some(due)) {
            Turn::Due => {
                // Of a feed the latest counts: a client that does not keep up misses some, and sees it by `seq`.
                if !client.is_behind() {
                    client.say(price(seq));
                }
                seq += 1;
                due += INTERVAL;
            }
            Turn::Message(_) | Turn::Woken | Turn::Writable => {}
            Turn::Over => return,
        }
    }
}

/// The number in the query, or 0.
fn after(resource: &str) -> u64 {
    let mut numbers = split(resource).1.split('&').filter_map(|pair| pair.strip_prefix("after=")?.parse::<u32>().ok());
    numbers.next_back().unwrap_or_default().into()
}

/// The same feed for everyone, so that two runs can be compared.
fn price(seq: u64) -> String {
    let (symbol, around) = SYMBOLS[(seq - 1) as usize % SYMBOLS.len()];
    let cents = around + seq * 37 % 101;
    #[allow(clippy::cast_precision_loss, reason = "some thousand cents")]
    let price = cents as f64 / 100.0;
    json!({"type": "price", "symbol": symbol, "price": price, "seq": seq}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_says_where_it_goes_on() {
        for (resource, number) in [("/ticker", 0), ("/ticker?x&after=7", 7), ("/ticker?after=-1", 0)] {
            assert_eq!(after(resource), number, "{resource}");
        }
    }

    #[test]
    fn a_price_is_one_line_of_json() {
        assert_eq!(price(1), r#"{"type":"price","symbol":"ACME","price":101.62,"seq":1}"#);
        assert_eq!(price(2), r#"{"type":"price","symbol":"GLOBEX","price":43.54,"seq":2}"#);
    }
}
