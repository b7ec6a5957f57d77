//! Files beside the script.

use std::path::{Component, Path, PathBuf};

use rhai::plugin::*;
use rhai::{Blob, Dynamic};

use crate::script::failure::{Failure, FailureKind, Raised};
use crate::script::host::Host;
use crate::script::value::bytes;
use crate::transport::in_words;

#[export_module]
pub mod api {
    /// The text of a file below the script's folder, or of any file with `--allow-files`.
    #[rhai_fn(name = "read_file", return_raw)]
    pub fn read_file(context: NativeCallContext, path: &str) -> Raised<String> {
        let read = std::fs::read_to_string(place(&context, path)?);
        read.map_err(|error| failed(&context, "read", path, &error).into())
    }

    /// The bytes of a file.
    #[rhai_fn(name = "read_bytes", return_raw)]
    pub fn read_bytes(context: NativeCallContext, path: &str) -> Raised<Blob> {
        let read = std::fs::read(place(&context, path)?);
        read.map_err(|error| failed(&context, "read", path, &error).into())
    }

    /// Writes a text or a blob to a file, in place of what was there.
    #[rhai_fn(name = "write_file", return_raw)]
    pub fn write_file(context: NativeCallContext, path: &str, data: Dynamic) -> Raised<()> {
        let data = bytes(&data)?;
        let written = std::fs::write(place(&context, path)?, data);
        written.map_err(|error| failed(&context, "write", path, &error).into())
    }
}

/// Where a path of a script leads to, if the script may go there.
///
/// # Errors
/// It may not.
pub fn place(context: &NativeCallContext<'_>, path: &str) -> Raised<PathBuf> {
    let host = Host::of(context);
    let Some(folder) = &host.setup().folder else { return Ok(PathBuf::from(path)) };
    let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let place = folder.join(path);
    // A symbolic link may lead out of the folder.
    let parent = place.parent().and_then(|parent| parent.canonicalize().ok());
    let whole = place.canonicalize().ok().or(parent);
    let leads_inside = whole.is_none_or(|whole| folder.canonicalize().is_ok_and(|folder| whole.starts_with(folder)));
    if inside && leads_inside {
        return Ok(place);
    }
    let message = format!("{path:?} is outside of the script's folder \"{}\"", folder.display());
    Err(Failure::new(FailureKind::File, message).hint("--allow-files lets a script go anywhere").into())
}

fn failed(context: &NativeCallContext<'_>, what: &str, path: &str, error: &std::io::Error) -> Failure {
    unusable(context, format!("cannot {what} {path:?}: {}", in_words(error)))
}

/// A file that is no use to a script, with where its paths begin: that may be why.
pub fn unusable(context: &NativeCallContext<'_>, message: String) -> Failure {
    let failure = Failure::new(FailureKind::File, message);
    match &Host::of(context).setup().folder {
        Some(folder) => failure.hint(format!(
            "a script's paths begin at its folder, \"{}\"; with --allow-files, where wscope was started",
            folder.display()
        )),
        None => failure,
    }
}
