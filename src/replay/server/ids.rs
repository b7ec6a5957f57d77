//! The ids by which a client tells which answer is whose, as JSON-RPC has them: the live one stands in for the recorded one, and
//! every other byte stays.

use std::ops::Range;
use std::str::FromStr;

use bytes::Bytes;

use crate::recording::JsonPath;
use crate::recording::mask::JsonPathError;
use crate::replay::change::replaced;

/// Where ids are in a message.
#[derive(Clone, Debug)]
pub struct Ids {
    own: JsonPath,
    /// In each message of a batch.
    batch: JsonPath,
    /// Under the same name, anywhere.
    named: JsonPath,
}

/// A recorded id, and what stands for it now, as they are written in JSON.
pub(super) type Pair = (Bytes, Bytes);

impl FromStr for Ids {
    type Err = JsonPathError;

    fn from_str(text: &str) -> Result<Ids, JsonPathError> {
        let text = text.strip_prefix("$.").unwrap_or(text);
        let name = text.rsplit('.').next().unwrap_or_default();
        Ok(Ids { own: text.parse()?, batch: format!("*.{text}").parse()?, named: format!("**.{name}").parse()? })
    }
}

impl Default for Ids {
    /// Those of JSON-RPC.
    fn default() -> Ids {
        "id".parse().expect("a path")
    }
}

impl Ids {
    /// The ids of a message, several of a batch, as they are written there; none of what is no JSON.
    pub(super) fn of(&self, data: &Bytes) -> Vec<Bytes> {
        let path = if data.trim_ascii_start().starts_with(b"[") { &self.batch } else { &self.own };
        path.places(data).into_iter().map(|place| data.slice(place)).filter(|id| &id[..] != b"null").collect()
    }

    /// The message with other ids, wherever one of these stands under the name of an id.
    pub(super) fn replaced(&self, data: &Bytes, pairs: &[Pair]) -> Bytes {
        let standing = |place: &Range<usize>| pairs.iter().find(|(id, _)| id[..] == data[place.clone()]);
        let places = self.named.places(data).into_iter();
        let found: Vec<_> = places.filter_map(|place| Some((place.clone(), &standing(&place)?.1[..]))).collect();
        if found.is_empty() { data.clone() } else { replaced(data, found.into_iter()) }
    }

    /// The message without its ids: the same for all that differ in them only.
    pub(super) fn taken_out(&self, data: &Bytes) -> Bytes {
        let none = Bytes::from_static(b"null");
        let pairs: Vec<Pair> = self.of(data).into_iter().map(|id| (id, none.clone())).collect();
        self.replaced(data, &pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(data: &'static str, recorded: &'static str, live: &'static str) -> String {
        let ids = Ids::default();
        let [recorded, live] = [recorded, live].map(|text| ids.of(&Bytes::from(text)));
        let pairs: Vec<Pair> = recorded.into_iter().zip(live).collect();
        String::from_utf8(ids.replaced(&Bytes::from(data), &pairs).to_vec()).expect("still UTF-8")
    }

    #[test]
    fn a_live_id_stands_in_for_the_recorded_one_and_every_other_byte_stays() {
        let answer = r#"{ "id": 7, "result": {"id":7, "of": [{"id" :8}], "n":7} }"#;
        let expected = r#"{ "id": "a-1", "result": {"id":"a-1", "of": [{"id" :8}], "n":7} }"#;
        assert_eq!(replaced(answer, r#"{"id":7}"#, r#"{"id":"a-1"}"#), expected);
        let batch = r#"[{"id":1,"result":2},{"id":2,"result":1}]"#;
        let expected = r#"[{"id":11,"result":2},{"id":12,"result":1}]"#;
        assert_eq!(replaced(batch, r#"[{"id":1},{"id":2}]"#, r#"[{"id":11},{"id":12}]"#), expected);
        assert_eq!(replaced(r#"{"id":null}"#, r#"{"id":null}"#, r#"{"id":1}"#), r#"{"id":null}"#);
        assert_eq!(replaced("7", r#"{"id":7}"#, r#"{"id":8}"#), "7");
    }

    #[test]
    fn messages_that_differ_in_their_id_only_are_the_same_without() {
        let ids: Ids = "meta.seq".parse().expect("a path");
        let without = |text: &'static str| ids.taken_out(&Bytes::from(text));
        assert_eq!(
            without(r#"{"meta":{"seq":1},"id":5,"back":{"seq":1}}"#),
            without(r#"{"meta":{"seq":22},"id":5,"back":{"seq":22}}"#)
        );
        assert_ne!(without(r#"{"meta":{"seq":1},"id":5}"#), without(r#"{"meta":{"seq":1},"id":6}"#));
        assert_ne!(without(r#"{"meta":{"seq":1},"on":{"seq":4}}"#), without(r#"{"meta":{"seq":1},"on":{"seq":5}}"#));
    }
}
