//! Values from outside, and helpers to make and read values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::plugin::*;
use rhai::{Array, Blob, Dynamic, FLOAT, INT};
use sha2::{Digest, Sha256};

use crate::render::hexdump;
use crate::script::failure::{Failure, Raised};
use crate::script::host::Host;
use crate::script::value::{bytes, from_json, text, to_json};

#[export_module]
pub mod api {
    /// An environment variable. Fails if it is not set.
    #[rhai_fn(name = "env", return_raw)]
    pub fn env(name: &str) -> Raised<String> {
        std::env::var(name).map_err(|_| {
            let hint = format!("{name}=... before the command sets it, env({name:?}, \"\") does without");
            Failure::usage(format!("the environment variable {name} is not set"), hint).into()
        })
    }

    /// An environment variable, or this text if it is not set.
    #[rhai_fn(name = "env")]
    pub fn env_or(name: &str, otherwise: &str) -> String {
        std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
    }

    /// What stands behind the script on the command line.
    #[rhai_fn(name = "args")]
    pub fn arguments(context: NativeCallContext) -> Array {
        Host::of(&context).setup().arguments.iter().map(|argument| text(argument.as_str())).collect()
    }

    /// What stands at this place behind the script on the command line, from 0. Fails if nothing does.
    #[rhai_fn(name = "arg", return_raw)]
    pub fn argument(context: NativeCallContext, place: INT) -> Raised<String> {
        argument_at(&context, place).ok_or_else(|| {
            let hint = format!("wscope run FILE ARGUMENT... gives some, arg({place}, \"...\") does without");
            Failure::usage(format!("argument {place} is missing (they count from 0)"), hint).into()
        })
    }

    /// What stands at this place behind the script, or this text if nothing does.
    #[rhai_fn(name = "arg")]
    pub fn argument_or(context: NativeCallContext, place: INT, otherwise: &str) -> String {
        argument_at(&context, place).unwrap_or_else(|| otherwise.to_owned())
    }

    /// A variable set by `--var NAME=VALUE`, `--vars-file` or `--secret`. Fails if it is not set.
    #[rhai_fn(name = "variable", return_raw)]
    pub fn variable(context: NativeCallContext, name: &str) -> Raised<String> {
        Host::of(&context).setup().variables.get(name).cloned().ok_or_else(|| {
            let hint = format!("--var {name}=VALUE sets it, variable({name:?}, \"\") does without");
            Failure::usage(format!("the variable {name} is not set"), hint).into()
        })
    }

    /// A variable, or this text if it is not set.
    #[rhai_fn(name = "variable")]
    pub fn variable_or(context: NativeCallContext, name: &str, otherwise: &str) -> String {
        Host::of(&context).setup().variables.get(name).map_or_else(|| otherwise.to_owned(), Clone::clone)
    }

    /// A random UUID, version 4 (RFC 9562).
    pub fn uuid() -> String {
        let mut bytes: [u8; 16] = random_array();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let digits = plain_hex(&bytes);
        [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
    }

    /// A random number from 0 up to, but not including 1.
    #[rhai_fn(name = "random")]
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn random() -> FLOAT {
        (u64::from_le_bytes(random_array()) >> 11) as FLOAT / (1u64 << 53) as FLOAT
    }

    /// A random whole number from `least` to `most`, both included.
    #[rhai_fn(name = "random", return_raw)]
    pub fn random_between(least: INT, most: INT) -> Raised<INT> {
        let width = i128::from(most) - i128::from(least) + 1;
        if width < 1 {
            return Err(Failure::usage(format!("no number is from {least} to {most}"), "random(1, 6)").into());
        }
        let drawn = i128::from(u64::from_le_bytes(random_array())) % width;
        Ok(INT::try_from(i128::from(least) + drawn).unwrap_or(most))
    }

    /// This many random bytes.
    #[rhai_fn(name = "random_bytes", return_raw)]
    pub fn random_bytes(count: INT) -> Raised<Blob> {
        let count = usize::try_from(count).ok().filter(|count| *count <= 64 << 20);
        let count =
            count.ok_or_else(|| Failure::usage("random_bytes gives 0 to 67108864 bytes", "random_bytes(16)"))?;
        let mut bytes = vec![0; count];
        fill(&mut bytes);
        Ok(bytes)
    }

    /// Bytes or a text in hexadecimal digits.
    #[rhai_fn(name = "hex", return_raw)]
    pub fn hex(data: Dynamic) -> Raised<String> {
        Ok(plain_hex(&bytes(&data)?))
    }

    /// The bytes that hexadecimal digits stand for; blanks between them don't count.
    #[rhai_fn(name = "from_hex", return_raw)]
    pub fn from_hex(digits: &str) -> Raised<Blob> {
        let packed: Vec<u32> =
            digits.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16).unwrap_or(16)).collect();
        if packed.len() % 2 == 1 || packed.contains(&16) {
            return Err(Failure::usage(format!("{digits:?} is not hexadecimal"), "two digits a byte: \"00ff\"").into());
        }
        Ok(packed.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect())
    }

    /// Bytes or a text in base64 (RFC 4648).
    #[rhai_fn(name = "base64", return_raw)]
    pub fn base64(data: Dynamic) -> Raised<String> {
        Ok(STANDARD.encode(bytes(&data)?))
    }

    /// The bytes that a base64 text stands for.
    #[rhai_fn(name = "from_base64", return_raw)]
    pub fn from_base64(encoded: &str) -> Raised<Blob> {
        STANDARD.decode(encoded.trim()).map_err(|error| {
            Failure::usage(format!("{encoded:?} is not base64: {error}"), "base64(\"text\") makes some").into()
        })
    }

    /// The SHA-256 of bytes or a text, in hexadecimal digits.
    #[rhai_fn(name = "sha256", return_raw)]
    pub fn sha256(data: Dynamic) -> Raised<String> {
        Ok(plain_hex(&Sha256::digest(bytes(&data)?)))
    }

    /// The value that a JSON text stands for. Fails if it is none.
    #[rhai_fn(name = "json", return_raw)]
    pub fn json(source: &str) -> Raised<Dynamic> {
        from_json(source.as_bytes()).ok_or_else(|| {
            let error = serde_json::from_str::<serde::de::IgnoredAny>(source).err();
            let why = error.map_or_else(|| "it has a number that is too large".to_owned(), |error| error.to_string());
            Failure::usage(format!("that is no JSON: {why}"), "a message's own JSON is in message.json").into()
        })
    }

    /// A value as JSON text in one line.
    #[rhai_fn(name = "json_text", return_raw)]
    pub fn json_text(value: Dynamic) -> Raised<String> {
        to_json(&value)
    }

    /// Prints a line, as `print` does, for any value.
    #[rhai_fn(name = "log")]
    pub fn log(context: NativeCallContext, value: Dynamic) {
        (Host::of(&context).setup().print)(&value.to_string());
    }
}

fn argument_at(context: &NativeCallContext<'_>, place: INT) -> Option<String> {
    let place = usize::try_from(place).ok()?;
    Host::of(context).setup().arguments.get(place).cloned()
}

fn plain_hex(bytes: &[u8]) -> String {
    hexdump::hex(bytes).replace(' ', "")
}

fn random_array<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// # Panics
/// When the system has no randomness: nothing else would be random then either.
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system has randomness");
}
