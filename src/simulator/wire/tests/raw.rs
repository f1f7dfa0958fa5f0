//! Requests as bytes, good and bad, without an SDK in between.

use http::{Request, Response, StatusCode};

use crate::simulator::wire::tests::bench::{START, new_simulator};
use crate::simulator::wire::{Reply, respond};

fn raw(headers: &[(&str, &str)], body: &str) -> Response<Vec<u8>> {
    let mut request = Request::post("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match respond(&mut new_simulator(), START, &request.body(body.as_bytes().to_vec()).unwrap()) {
        Reply::Response(response, _) => response,
        Reply::Nothing => panic!("no rule, and no answer"),
    }
}

#[track_caller]
fn check_refusal(headers: &[(&str, &str)], body: &str, code: &str) {
    let response = raw(headers, body);
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.headers()["x-amzn-errortype"], code);
    let text = String::from_utf8(response.into_body()).unwrap();
    assert!(text.contains(code), "{text}");
}

#[test]
fn says_what_is_wrong_with_requests_that_are_no_calls() {
    let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    let ecr = ("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.DescribeImages");
    check_refusal(&[], "", "UnknownOperationException");
    check_refusal(&[("x-amz-target", "DynamoDB_20120810.ListTables")], "{}", "UnknownOperationException");
    check_refusal(&[("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.Nope")], "{}", "UnknownOperationException");
    check_refusal(&[ecr], "{", "SerializationException");
    check_refusal(&[ecr], "[]", "SerializationException");
    check_refusal(&[ecr], r#"{"repositoryName": 1}"#, "SerializationException");
    check_refusal(&[ecr], &"[".repeat(100_000), "SerializationException");
    check_refusal(&[form], "Action=Nope&Version=2015-12-01", "InvalidAction");
    check_refusal(&[form], "Action=DescribeTags&Version=1999-01-01", "InvalidAction");
    check_refusal(&[form], "A.B=1&A=2", "MalformedQueryString");
    check_refusal(&[form], "Action=DescribeTargetGroups&Version=2015-12-01&PageSize=x", "ValidationError");
}

#[test]
fn every_answer_has_a_date_and_an_id_that_do_not_depend_on_the_machine() {
    let answer = || raw(&[("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories")], "{}");
    let (first, second) = (answer(), answer());
    assert_eq!(first.headers()["date"], "Sun, 22 Nov 2026 20:35:00 GMT");
    assert_eq!(first.headers()["content-type"], "application/x-amz-json-1.1");
    assert_eq!(first.headers()["x-amzn-requestid"], second.headers()["x-amzn-requestid"]);
    assert_eq!(first.body(), br#"{"repositories":[]}"#);
}
