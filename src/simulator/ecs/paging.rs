//! Pages of a list, and the tokens between them.
//!
//! Owns page sizes and tokens. A token names the last item that was given out, so a list that changes between two
//! pages neither repeats nor loses the items that were there all the time.
//!
//! Divergence from AWS: lists are sorted, where AWS promises no order; tokens never expire.

use serde_json::{Value, json};

use super::input::{Input, invalid};
use crate::simulator::error::ApiError;

/// One page under `key`, with `nextToken` if there is more.
///
/// `items` are sorted by the caller. `default` and 100 bound `maxResults`.
///
/// # Errors
///
/// `InvalidParameterException` for a size outside of 1..=100, or a token that this list did not give out.
pub(super) fn page(key: &str, items: &[String], input: Input<'_>, default: usize) -> Result<Value, ApiError> {
    page_in_order(key, items, input, default, |item, last| item <= last)
}

/// The same for items that are sorted the other way round.
///
/// # Errors
///
/// As for [`page`].
pub(super) fn page_backwards(key: &str, items: &[String], input: Input<'_>, most: usize) -> Result<Value, ApiError> {
    page_in_order(key, items, input, most, |item, last| item >= last)
}

fn page_in_order(
    key: &str,
    items: &[String],
    input: Input<'_>,
    default: usize,
    given_out: impl Fn(&str, &str) -> bool,
) -> Result<Value, ApiError> {
    let size = match input.int("maxResults")? {
        None => default,
        Some(size @ 1..=100) => usize::try_from(size).expect("between 1 and 100"),
        Some(_) => return Err(invalid("maxResults should be between 1 and 100.")),
    };
    let start = match input.text("nextToken")? {
        None | Some("") => 0,
        Some(token) => {
            let last = decode(token).ok_or_else(|| invalid("Invalid token."))?;
            items.partition_point(|item| given_out(item, &last))
        }
    };
    let given: Vec<&String> = items.iter().skip(start).take(size).collect();
    let mut page = json!({ key: given });
    if start + given.len() < items.len()
        && let Some(last) = given.last()
    {
        page["nextToken"] = json!(encode(last));
    }
    Ok(page)
}

fn encode(item: &str) -> String {
    item.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn decode(token: &str) -> Option<String> {
    if !token.len().is_multiple_of(2) || !token.is_ascii() {
        return None;
    }
    let digits = |at: usize| u8::from_str_radix(&token[at..at + 2], 16).ok();
    let bytes: Option<Vec<u8>> = (0..token.len()).step_by(2).map(digits).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_every_item_once_although_the_list_shrinks() {
        let mut items: Vec<String> = (10..35).map(|n| n.to_string()).collect();
        let first = page("arns", &items, Input(&json!({})), 10).unwrap();
        items.retain(|item| item != "19");
        let rest =
            page("arns", &items, Input(&json!({"nextToken": first["nextToken"], "maxResults": 100})), 10).unwrap();
        assert_eq!((first["arns"][9].as_str(), rest["arns"][0].as_str()), (Some("19"), Some("20")));
        assert_eq!(rest["arns"].as_array().unwrap().len(), 15);
        assert_eq!(rest.get("nextToken"), None);
    }

    #[test]
    fn refuses_sizes_and_tokens_that_it_did_not_give() {
        for input in [json!({"maxResults": 0}), json!({"maxResults": 101}), json!({"nextToken": "zz"})] {
            let refusal = page("arns", &[], Input(&input), 10).unwrap_err();
            assert_eq!(refusal.code, "InvalidParameterException");
        }
    }
}
