//! The operations of CloudWatch Logs, AWS JSON 1.1.
//!
//! Owns what calls may ask and how they are answered. Source: the service model `logs` of 2014-03-28.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::inputs::OPERATIONS;
use super::store::{Group, Line, Stream, Written};
use crate::simulator::error::ApiError;
use crate::simulator::members::{items, text, texts, truth, whole};
use crate::simulator::model::{Leaves, members_of, together, violations};
use crate::simulator::time::Time;

/// Most events of a page.
const MOST_EVENTS: usize = 10_000;
/// Most groups or streams of a page.
const MOST_NAMES: usize = 50;

/// The simulated CloudWatch Logs of one account and region.
#[derive(Clone, Debug)]
pub struct Logs {
    /// `arn:aws:logs:R:A:log-group:`.
    home: String,
    groups: BTreeMap<String, Group>,
}

impl Logs {
    /// With no group in it.
    pub fn new(account: &str, region: &str) -> Self {
        Self { home: format!("arn:aws:logs:{region}:{account}:log-group:"), groups: BTreeMap::new() }
    }

    /// Takes in what containers hand over; lines can be read `lag` milliseconds after they were written.
    pub(in crate::simulator) fn take_in(&mut self, now: Time, lag: i64, written: Vec<Written>) {
        for written in written {
            match written {
                Written::Begin { group, stream } => drop(self.stream_to_be(now, group, stream)),
                Written::Line { group, stream, at, message } => {
                    let line = Line { at, taken_in: at.plus_millis(lag), message };
                    self.stream_to_be(now, group, stream).add(line);
                }
                Written::End { group, stream } => self.stream_to_be(now, group, stream).cut(now),
            }
        }
    }

    /// Answers one call.
    ///
    /// # Errors
    /// What CloudWatch Logs refuses; `UnknownOperationException` for what is not simulated.
    pub fn handle(&mut self, operation: &str, input: &Value, now: Time, lag: i64) -> Result<Value, ApiError> {
        let members = members_of(OPERATIONS, operation).ok_or_else(ApiError::unknown_operation)?;
        let found = violations(members, input, Leaves::Typed)?;
        if !found.is_empty() {
            return Err(invalid(together(&found)));
        }
        match operation {
            "CreateLogGroup" => self.create_group(input, now),
            "DeleteLogGroup" => self.delete_group(input),
            "CreateLogStream" => self.create_stream(input, now),
            "PutLogEvents" => self.put_events(input, now, lag),
            "GetLogEvents" => self.get_events(input, now),
            "FilterLogEvents" => self.filter_events(input, now),
            "DescribeLogGroups" => self.describe_groups(input),
            "DescribeLogStreams" => self.describe_streams(input, now),
            _ => Err(ApiError::unknown_operation()),
        }
    }

    fn stream_to_be(&mut self, now: Time, group: String, stream: String) -> &mut Stream {
        let group = self.groups.entry(group).or_insert_with(|| Group::new(now));
        group.streams.entry(stream).or_insert_with(|| Stream::new(now))
    }

    fn create_group(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let name = needed(input, "logGroupName")?;
        if self.groups.contains_key(name) {
            return Err(ApiError::client("ResourceAlreadyExistsException", "The specified log group already exists"));
        }
        self.groups.insert(name.to_owned(), Group::new(now));
        Ok(json!({}))
    }

    fn delete_group(&mut self, input: &Value) -> Result<Value, ApiError> {
        self.groups.remove(needed(input, "logGroupName")?).map(|_| json!({})).ok_or_else(no_group)
    }

    fn create_stream(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let (group, stream) = (needed(input, "logGroupName")?, needed(input, "logStreamName")?);
        let group = self.groups.get_mut(group).ok_or_else(no_group)?;
        if group.streams.contains_key(stream) {
            return Err(ApiError::client("ResourceAlreadyExistsException", "The specified log stream already exists"));
        }
        group.streams.insert(stream.to_owned(), Stream::new(now));
        Ok(json!({}))
    }

    fn put_events(&mut self, input: &Value, now: Time, lag: i64) -> Result<Value, ApiError> {
        let (group, stream) = (needed(input, "logGroupName")?, needed(input, "logStreamName")?);
        let mut lines = Vec::new();
        for event in items(input, "logEvents")? {
            let at = whole(event, "timestamp")?.ok_or_else(|| invalid("timestamp must not be null"))?;
            let message = needed(event, "message")?.to_owned();
            lines.push(Line { at: Time(at), taken_in: now.plus_millis(lag), message });
        }
        if lines.is_empty() {
            return Err(invalid("logEvents must have at least one member"));
        }
        if lines.windows(2).any(|pair| pair[0].at > pair[1].at) {
            return Err(invalid("Log events in a single PutLogEvents request must be in chronological order."));
        }
        let group = self.groups.get_mut(group).ok_or_else(no_group)?;
        let stream = group.streams.get_mut(stream).ok_or_else(no_stream)?;
        lines.into_iter().for_each(|line| stream.add(line));
        Ok(json!({}))
    }

    fn get_events(&self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let stream = self.stream(input)?;
        let limit = limit(input, MOST_EVENTS, MOST_EVENTS)?;
        let range = Range::of(input)?;
        let lines: Vec<&Line> = stream.readable(now).filter(|line| range.has(line)).collect();
        let from_head = truth(input, "startFromHead")?.unwrap_or(false);
        let (start, end) = match text(input, "nextToken")? {
            None if from_head => (0, limit.min(lines.len())),
            None => (lines.len().saturating_sub(limit), lines.len()),
            Some(token) => match token.split_once('/') {
                Some(("f", place)) => {
                    let start = place_of(place)?.min(lines.len());
                    (start, (start + limit).min(lines.len()))
                }
                Some(("b", place)) => {
                    let end = place_of(place)?.min(lines.len());
                    (end.saturating_sub(limit), end)
                }
                Some(_) | None => return Err(invalid("The specified nextToken is invalid.")),
            },
        };
        let shown: Vec<Value> = lines[start..end].iter().map(|line| show(line)).collect();
        Ok(json!({
            "events": shown,
            "nextForwardToken": format!("f/{end:056}"),
            "nextBackwardToken": format!("b/{start:056}"),
        }))
    }

    fn filter_events(&self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let group = self.groups.get(needed(input, "logGroupName")?).ok_or_else(no_group)?;
        let (names, prefix) = (texts(input, "logStreamNames")?, text(input, "logStreamNamePrefix")?.unwrap_or(""));
        let pattern = text(input, "filterPattern")?.unwrap_or("");
        let words: Vec<&str> = pattern.split_whitespace().map(|word| word.trim_matches('"')).collect();
        let range = Range::of(input)?;
        let meant = |name: &String| name.starts_with(prefix) && (names.is_empty() || names.contains(&name.as_str()));
        let mut found: Vec<(&String, usize, &Line)> = Vec::new();
        for (name, stream) in group.streams.iter().filter(|(name, _)| meant(name)) {
            let lines = stream.readable(now).enumerate().filter(|(_, line)| range.has(line));
            let lines = lines.filter(|(_, line)| words.iter().all(|word| line.message.contains(word)));
            found.extend(lines.map(|(place, line)| (name, place, line)));
        }
        found.sort_by_key(|(name, place, line)| (line.at, *name, *place));
        let start = match text(input, "nextToken")? {
            None => 0,
            Some(token) => place_of(token)?.min(found.len()),
        };
        let end = (start + limit(input, MOST_EVENTS, MOST_EVENTS)?).min(found.len());
        let shown = found[start..end].iter().map(|(name, place, line)| {
            let mut event = show(line);
            event["logStreamName"] = json!(name);
            event["eventId"] = json!(format!("{:038}{place:018}", line.at.0));
            event
        });
        let mut answer = json!({"events": shown.collect::<Vec<Value>>(), "searchedLogStreams": []});
        if end < found.len() {
            answer["nextToken"] = json!(end.to_string());
        }
        Ok(answer)
    }

    fn describe_groups(&self, input: &Value) -> Result<Value, ApiError> {
        let prefix = text(input, "logGroupNamePrefix")?.unwrap_or("");
        let shown = self.groups.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(name, group)| {
            json!({
                "logGroupName": name,
                "creationTime": group.created_at.0,
                "metricFilterCount": 0,
                "arn": format!("{}{name}:*", self.home),
                "storedBytes": 0,
            })
        });
        page("logGroups", shown.collect(), input)
    }

    fn describe_streams(&self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let name = needed(input, "logGroupName")?;
        let group = self.groups.get(name).ok_or_else(no_group)?;
        let prefix = text(input, "logStreamNamePrefix")?.unwrap_or("");
        let shown = group.streams.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(stream, kept)| {
            let mut shown = json!({
                "logStreamName": stream,
                "creationTime": kept.created_at.0,
                "arn": format!("{}{name}:log-stream:{stream}", self.home),
                "storedBytes": 0,
            });
            if let (Some(first), Some(last)) = (kept.readable(now).next(), kept.readable(now).next_back()) {
                shown["firstEventTimestamp"] = json!(first.at.0);
                shown["lastEventTimestamp"] = json!(last.at.0);
                shown["lastIngestionTime"] = json!(last.taken_in.0);
            }
            shown
        });
        page("logStreams", shown.collect(), input)
    }

    fn stream(&self, input: &Value) -> Result<&Stream, ApiError> {
        let group = self.groups.get(needed(input, "logGroupName")?).ok_or_else(no_group)?;
        group.streams.get(needed(input, "logStreamName")?).ok_or_else(no_stream)
    }
}

/// `startTime` is within, `endTime` is not.
struct Range {
    start: i64,
    end: i64,
}

impl Range {
    fn of(input: &Value) -> Result<Self, ApiError> {
        let start = whole(input, "startTime")?.unwrap_or(i64::MIN);
        Ok(Self { start, end: whole(input, "endTime")?.unwrap_or(i64::MAX) })
    }

    fn has(&self, line: &Line) -> bool {
        (self.start..self.end).contains(&line.at.0)
    }
}

fn show(line: &Line) -> Value {
    json!({"timestamp": line.at.0, "message": line.message, "ingestionTime": line.taken_in.0})
}

fn page(key: &str, all: Vec<Value>, input: &Value) -> Result<Value, ApiError> {
    let start = text(input, "nextToken")?.map(place_of).transpose()?.unwrap_or(0).min(all.len());
    let end = (start + limit(input, MOST_NAMES, MOST_NAMES)?).min(all.len());
    let mut answer = json!({ key: all[start..end] });
    if end < all.len() {
        answer["nextToken"] = json!(end.to_string());
    }
    Ok(answer)
}

fn needed<'a>(input: &'a Value, key: &str) -> Result<&'a str, ApiError> {
    let words = format!(
        "1 validation error detected: Value null at '{key}' failed to satisfy constraint: Member must not be null"
    );
    text(input, key)?.filter(|text| !text.is_empty()).ok_or_else(|| invalid(words))
}

fn limit(input: &Value, otherwise: usize, most: usize) -> Result<usize, ApiError> {
    match whole(input, "limit")? {
        None => Ok(otherwise),
        Some(limit) => match usize::try_from(limit) {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            Ok(_) | Err(_) => Err(invalid(format!("limit must be between 1 and {most}"))),
        },
    }
}

fn place_of(token: &str) -> Result<usize, ApiError> {
    token.parse().map_err(|_| invalid("The specified nextToken is invalid."))
}

fn invalid(words: impl Into<String>) -> ApiError {
    ApiError::client("InvalidParameterException", words)
}

fn no_group() -> ApiError {
    ApiError::client("ResourceNotFoundException", "The specified log group does not exist.")
}

fn no_stream() -> ApiError {
    ApiError::client("ResourceNotFoundException", "The specified log stream does not exist.")
}
