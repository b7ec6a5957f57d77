//! Which cases are wanted: by name, by tags, and as one machine's part of them.

use crate::report::Shard;

/// What a case is chosen by.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    pub file: &'a str,
    pub name: &'a str,
    pub tags: &'a [String],
}

/// What is wanted of all cases.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    filter: Option<String>,
    tags: Vec<String>,
    not_tags: Vec<String>,
    shard: Option<Shard>,
}

impl Selection {
    /// Cases with the filter in their title, one of the tags if there are any, none of the tags that begin with `!`; of
    /// those the shard's part.
    #[must_use]
    pub fn new(filter: Option<String>, tags: &[String], shard: Option<Shard>) -> Selection {
        let not_tags = tags.iter().filter_map(|tag| tag.strip_prefix('!')).map(str::to_owned).collect();
        let tags = tags.iter().filter(|tag| !tag.starts_with('!')).cloned().collect();
        Selection { filter, tags, not_tags, shard }
    }

    /// Which of these are wanted by what they are, as indices, ascending.
    #[must_use]
    pub fn wanted(&self, keys: &[Key<'_>]) -> Vec<usize> {
        (0..keys.len()).filter(|&at| self.wants(&keys[at])).collect()
    }

    /// Which of those are this machine's part.
    #[must_use]
    pub fn part(&self, keys: &[Key<'_>], wanted: Vec<usize>) -> Vec<usize> {
        let Some(shard) = self.shard else { return wanted };
        let names: Vec<_> = wanted.iter().map(|&at| (keys[at].file, keys[at].name)).collect();
        shard.select(&names).into_iter().map(|at| wanted[at]).collect()
    }

    fn wants(&self, key: &Key<'_>) -> bool {
        let has = |tags: &[String]| key.tags.iter().any(|tag| tags.contains(tag));
        self.filter.as_ref().is_none_or(|filter| key.title().contains(filter))
            && (self.tags.is_empty() || has(&self.tags))
            && !has(&self.not_tags)
    }
}

impl Key<'_> {
    /// `file › name`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} › {}", self.file, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: [(&str, &str, &[&str]); 5] = [
        ("a.test.rhai", "joins", &["chat"]),
        ("a.test.rhai", "leaves", &["chat", "slow"]),
        ("b.test.rhai", "joins", &[]),
        ("b.test.rhai", "waits", &["slow"]),
        ("c.test.rhai", "c", &[]),
    ];

    #[track_caller]
    fn selects(filter: Option<&str>, tags: &[&str], shard: Option<&str>, expected: &[usize]) {
        let tags_of: Vec<Vec<String>> =
            CASES.iter().map(|(_, _, tags)| tags.iter().map(ToString::to_string).collect()).collect();
        let keys: Vec<_> = CASES.iter().zip(&tags_of).map(|((file, name, _), tags)| Key { file, name, tags }).collect();
        let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
        let shard = shard.map(|shard| shard.parse().unwrap());
        let selection = Selection::new(filter.map(str::to_owned), &tags, shard);
        assert_eq!(selection.part(&keys, selection.wanted(&keys)), expected);
    }

    #[test]
    fn a_filter_is_part_of_file_and_name() {
        selects(None, &[], None, &[0, 1, 2, 3, 4]);
        selects(Some("joins"), &[], None, &[0, 2]);
        selects(Some("b.test"), &[], None, &[2, 3]);
        selects(Some("rhai › j"), &[], None, &[0, 2]);
        selects(Some("Joins"), &[], None, &[]);
    }

    #[test]
    fn one_tag_is_enough_and_one_excluded_too_much() {
        selects(None, &["slow"], None, &[1, 3]);
        selects(None, &["slow", "chat"], None, &[0, 1, 3]);
        selects(None, &["!slow"], None, &[0, 2, 4]);
        selects(None, &["chat", "!slow"], None, &[0]);
        selects(None, &["slo"], None, &[]);
    }

    #[test]
    fn a_shard_is_a_part_of_what_is_wanted() {
        selects(None, &["!slow"], Some("1/2"), &[0, 4]);
        selects(None, &["!slow"], Some("2/2"), &[2]);
        selects(Some("leaves"), &[], Some("2/2"), &[]);
    }
}
