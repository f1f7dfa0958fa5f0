//! `evenkeel token`: a token for the HTTP API, out of the system's randomness, and its line for the file.

use serde_json::json;

use crate::api::{NewToken, RANDOM, Role};
use crate::report::json::API_VERSION;

use super::args::{Format, RoleGiven, Token};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;

/// Prints a new token; nothing keeps it.
pub(super) fn token(output: &Output, args: &Token) -> Result<Exit, Failure> {
    let role = match args.role {
        RoleGiven::Read => Role::Read,
        RoleGiven::Operate => Role::Operate,
    };
    let mut chance = [0; RANDOM];
    getrandom::getrandom(&mut chance).map_err(|error| Failure::of(&error))?;
    let Some(NewToken { token, line }) = NewToken::new(&args.name, role, &chance) else {
        return Err(
            Failure::input("nobody can have this name").hint("a name has up to 40 of a-z, A-Z, 0-9 and . _ @ + -")
        );
    };
    match output.format {
        Format::Text => {
            output.text(&format!("{token}\n{line}"));
            output.say("the first line is the token, shown only now; the second belongs into the file of --tokens");
        }
        Format::Json => output.json(&json!({
            "apiVersion": API_VERSION, "kind": "Token", "token": token, "line": line,
        })),
    }
    Ok(Exit::Done)
}
