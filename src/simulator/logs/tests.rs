//! Claims about groups, streams and what can be read of them when.

use serde_json::{Value, json};

use super::Logs;
use super::store::Written;
use crate::simulator::time::Time;

const NOW: Time = Time(1_795_377_600_000);

fn ask(logs: &mut Logs, operation: &str, input: Value, now: Time) -> Value {
    logs.handle(operation, &input, now, 2_000).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

/// A stream with this many lines, a second apart.
fn stocked(lines: i64) -> Logs {
    let mut logs = Logs::new("123456789012", "us-east-1");
    ask(&mut logs, "CreateLogGroup", json!({"logGroupName": "g"}), NOW);
    ask(&mut logs, "CreateLogStream", json!({"logGroupName": "g", "logStreamName": "s"}), NOW);
    let event = |n: i64| json!({"timestamp": NOW.0 + n * 1000, "message": format!("line {n}")});
    let events: Vec<Value> = (0..lines).map(event).collect();
    ask(&mut logs, "PutLogEvents", json!({"logGroupName": "g", "logStreamName": "s", "logEvents": events}), NOW);
    logs
}

fn messages(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect()
}

#[test]
fn a_stream_is_read_to_its_end_where_the_token_stays_the_same() {
    let mut logs = stocked(5);
    let later = NOW.plus_millis(60_000);
    let mut input = json!({"logGroupName": "g", "logStreamName": "s", "startFromHead": true, "limit": 2});
    let mut read = Vec::new();
    loop {
        let answer = ask(&mut logs, "GetLogEvents", input.clone(), later);
        read.extend(messages(&answer).into_iter().map(str::to_owned));
        if answer["nextForwardToken"] == input["nextToken"] {
            break;
        }
        input["nextToken"] = answer["nextForwardToken"].clone();
    }
    assert_eq!(read, ["line 0", "line 1", "line 2", "line 3", "line 4"]);
}

#[test]
fn without_a_beginning_the_newest_lines_come_first() {
    let mut logs = stocked(5);
    let input = json!({"logGroupName": "g", "logStreamName": "s", "limit": 2});
    let answer = ask(&mut logs, "GetLogEvents", input.clone(), NOW.plus_millis(60_000));
    assert_eq!(messages(&answer), ["line 3", "line 4"]);
    let mut input = input;
    input["nextToken"] = answer["nextBackwardToken"].clone();
    assert_eq!(messages(&ask(&mut logs, "GetLogEvents", input, NOW.plus_millis(60_000))), ["line 1", "line 2"]);
}

#[test]
fn a_line_is_read_only_after_it_was_taken_in() {
    let mut logs = Logs::new("123456789012", "us-east-1");
    let (group, stream) = ("g".to_owned(), "s".to_owned());
    let line = |ms: i64, message: &str| Written::Line {
        group: group.clone(),
        stream: stream.clone(),
        at: NOW.plus_millis(ms),
        message: message.to_owned(),
    };
    logs.take_in(NOW, 3_000, vec![line(1_000, "first"), line(9_000, "never written")]);
    logs.take_in(NOW.plus_millis(5_000), 3_000, vec![Written::End { group: group.clone(), stream: stream.clone() }]);
    let input = json!({"logGroupName": "g", "logStreamName": "s", "startFromHead": true});
    let mut at = |ms: i64| ask(&mut logs, "GetLogEvents", input.clone(), NOW.plus_millis(ms));
    assert!(messages(&at(3_999)).is_empty());
    assert_eq!(messages(&at(4_000)), ["first"]);
    assert_eq!(messages(&at(60_000)), ["first"]);
}

#[test]
fn what_is_not_there_is_refused_in_awss_words() {
    let mut logs = stocked(1);
    let code =
        |logs: &mut Logs, operation: &str, input: Value| logs.handle(operation, &input, NOW, 0).unwrap_err().code;
    let (group, stream) =
        (json!({"logGroupName": "x", "logStreamName": "s"}), json!({"logGroupName": "g", "logStreamName": "x"}));
    assert_eq!(code(&mut logs, "GetLogEvents", group), "ResourceNotFoundException");
    assert_eq!(code(&mut logs, "GetLogEvents", stream), "ResourceNotFoundException");
    assert_eq!(code(&mut logs, "CreateLogGroup", json!({"logGroupName": "g"})), "ResourceAlreadyExistsException");
    assert_eq!(code(&mut logs, "CreateLogGroup", json!({})), "InvalidParameterException");
}

#[test]
fn a_filter_finds_the_lines_of_every_stream_that_have_all_words() {
    let mut logs = stocked(12);
    let input = json!({"logGroupName": "g", "filterPattern": "line 11"});
    let answer = ask(&mut logs, "FilterLogEvents", input, NOW.plus_millis(60_000));
    assert_eq!(messages(&answer), ["line 11"]);
    assert_eq!(answer["events"][0]["logStreamName"], "s");
    let groups = ask(&mut logs, "DescribeLogGroups", json!({"logGroupNamePrefix": "g"}), NOW);
    assert_eq!(groups["logGroups"][0]["logGroupName"], "g");
    let streams = ask(&mut logs, "DescribeLogStreams", json!({"logGroupName": "g"}), NOW.plus_millis(60_000));
    assert_eq!(streams["logStreams"][0]["logStreamName"], "s");
}
