//! What `--fault` says: which faults, and how many of them.

use crate::cli::nearest;
use crate::proxy::{Delay, FaultPlan, Share};

use super::values;

const NAMES: [&str; 5] = ["drop", "corrupt", "duplicate", "delay", "close-after"];

/// `drop=1%,delay=50ms..200ms,close-after=10`.
pub(super) fn plan(text: &str) -> Result<FaultPlan, String> {
    let mut plan = FaultPlan::default();
    let mut seen: Vec<&str> = Vec::new();
    for fault in text.split(',').map(str::trim) {
        let (name, value) = fault.split_once('=').map_or((fault, ""), |(name, value)| (name.trim(), value.trim()));
        if seen.contains(&name) {
            return Err(format!("{name} is there twice"));
        }
        seen.push(name);
        match name {
            "drop" => plan.drop = share(name, value)?,
            "corrupt" => plan.corrupt = share(name, value)?,
            "duplicate" => plan.duplicate = share(name, value)?,
            "delay" => plan.delay = delay(value)?,
            "close-after" => {
                let count = values::count(value);
                plan.close_after = Some(count.map_err(|error| format!("{name} of \"{value}\": {error}"))?);
            }
            _ => {
                return Err(match nearest(name, NAMES) {
                    Some(near) => format!("unknown fault \"{name}\": did you mean {near}?"),
                    None => format!("unknown fault \"{name}\": there are {}", NAMES.join(", ")),
                });
            }
        }
    }
    Ok(plan)
}

/// `1%`, `0.05%`: to four decimals, which is a millionth.
fn share(name: &str, text: &str) -> Result<Share, String> {
    let wrong = || format!("{name} of \"{text}\": a share looks like 1% or 0.05%, up to 100%");
    let (whole, decimals) =
        text.strip_suffix('%').map(|number| number.split_once('.').unwrap_or((number, ""))).ok_or_else(wrong)?;
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(decimals) || decimals.len() > 4 {
        return Err(wrong());
    }
    let millionths = format!("{whole}{decimals:0<4}").parse().ok().filter(|share| *share <= 1_000_000);
    millionths.map(Share).ok_or_else(wrong)
}

/// `100ms`, or `50ms..200ms`.
fn delay(text: &str) -> Result<Delay, String> {
    let wrong = |error: String| format!("delay of \"{text}\": {error}");
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let (least, most) = (values::duration(least).map_err(wrong)?, values::duration(most).map_err(wrong)?);
    if least > most {
        return Err(wrong("the first is the shortest, the second the longest".to_owned()));
    }
    Ok(Delay { least, most })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_plan_says_which_faults_and_how_many() {
        let expected = FaultPlan {
            drop: Share(10_000),
            corrupt: Share(500),
            duplicate: Share(1_000_000),
            delay: Delay { least: Duration::from_millis(50), most: Duration::from_millis(200) },
            close_after: Some(10),
        };
        let text = "drop=1%, corrupt=0.05%,duplicate=100%,delay=50ms..200ms,close-after=10";
        assert_eq!(plan(text), Ok(expected));
        let second = Duration::from_secs(1);
        let late = FaultPlan { delay: Delay { least: second, most: second }, ..FaultPlan::default() };
        assert_eq!(plan("delay=1s"), Ok(late));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_value() {
        let share = "a share looks like 1% or 0.05%, up to 100%";
        for (text, error) in [
            ("dorp=1%", "unknown fault \"dorp\": did you mean drop?".to_owned()),
            ("", "unknown fault \"\": there are drop, corrupt, duplicate, delay, close-after".to_owned()),
            ("drop=1", format!("drop of \"1\": {share}")),
            ("drop", format!("drop of \"\": {share}")),
            ("drop=101%", format!("drop of \"101%\": {share}")),
            ("corrupt=-1%", format!("corrupt of \"-1%\": {share}")),
            ("drop=1%,drop=2%", "drop is there twice".to_owned()),
            (
                "delay=soon",
                "delay of \"soon\": a duration looks like 10s, 200ms or 1m30s; a bare number is seconds".to_owned(),
            ),
            ("delay=2s..1s", "delay of \"2s..1s\": the first is the shortest, the second the longest".to_owned()),
            ("close-after=0", "close-after of \"0\": it is a whole number from 1".to_owned()),
        ] {
            assert_eq!(plan(text), Err(error), "{text}");
        }
    }
}
