//! The AWS Query protocol, outwards: JSON becomes XML.
//!
//! Members become elements, items of a list become `<member>`, or `<item>` for EC2, nulls are left out. Nothing is ever parsed here.

use serde_json::Value;

use crate::simulator::error::ApiError;

/// The answer to an operation that succeeded.
pub(super) fn response(operation: &str, namespace: &str, result: &Value, request_id: &str) -> String {
    let mut xml = format!("<{operation}Response xmlns=\"{namespace}\">");
    element(&mut xml, "member", &format!("{operation}Result"), result);
    xml.push_str("<ResponseMetadata>");
    text_element(&mut xml, "RequestId", request_id);
    xml.push_str(&format!("</ResponseMetadata></{operation}Response>"));
    xml
}

/// The answer to a request that was refused.
pub(super) fn error(namespace: &str, error: &ApiError, request_id: &str) -> String {
    let ApiError { status, code, message, extra } = error;
    let mut xml = format!("<ErrorResponse xmlns=\"{namespace}\"><Error>");
    text_element(&mut xml, "Type", if *status < 500 { "Sender" } else { "Receiver" });
    text_element(&mut xml, "Code", code);
    text_element(&mut xml, "Message", message);
    extra.iter().for_each(|(name, value)| element(&mut xml, "member", name, value));
    xml.push_str("</Error>");
    text_element(&mut xml, "RequestId", request_id);
    xml.push_str("</ErrorResponse>");
    xml
}

/// The answer of EC2 to an operation that succeeded: its members stand at the top, after the request id.
pub(super) fn ec2_response(operation: &str, namespace: &str, result: &Value, request_id: &str) -> String {
    let mut xml = format!("<{operation}Response xmlns=\"{namespace}\">");
    text_element(&mut xml, "requestId", request_id);
    for (name, value) in result.as_object().into_iter().flatten() {
        element(&mut xml, "item", name, value);
    }
    xml.push_str(&format!("</{operation}Response>"));
    xml
}

/// The answer of EC2 to a request that was refused.
pub(super) fn ec2_error(error: &ApiError, request_id: &str) -> String {
    let mut xml = "<Response><Errors><Error>".to_owned();
    text_element(&mut xml, "Code", &error.code);
    text_element(&mut xml, "Message", &error.message);
    xml.push_str("</Error></Errors>");
    text_element(&mut xml, "RequestID", request_id);
    xml.push_str("</Response>");
    xml
}

/// `item` is what the items of lists are called.
fn element(xml: &mut String, item: &str, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(truth) => text_element(xml, name, if *truth { "true" } else { "false" }),
        Value::Number(number) => text_element(xml, name, &number.to_string()),
        Value::String(text) => text_element(xml, name, text),
        Value::Array(items) => {
            xml.push_str(&format!("<{name}>"));
            items.iter().for_each(|value| element(xml, item, item, value));
            xml.push_str(&format!("</{name}>"));
        }
        Value::Object(members) => {
            xml.push_str(&format!("<{name}>"));
            members.iter().for_each(|(name, value)| element(xml, item, name, value));
            xml.push_str(&format!("</{name}>"));
        }
    }
}

fn text_element(xml: &mut String, name: &str, text: &str) {
    xml.push_str(&format!("<{name}>"));
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            // A bare carriage return would be read back as a line feed.
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' => xml.push(character),
            // XML 1.0 has no way to write these.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            other => xml.push(other),
        }
    }
    xml.push_str(&format!("</{name}>"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn writes_results_as_the_query_protocol_does() {
        let result =
            json!({"Names": ["a<b", "c&d"], "Empty": [], "None": null, "Port": 80, "On": true, "M": {"X": "\u{1}"}});
        assert_eq!(
            response("Op", "ns", &result, "id"),
            "<OpResponse xmlns=\"ns\"><OpResult><Names><member>a&lt;b</member><member>c&amp;d</member></Names>\
             <Empty></Empty><Port>80</Port><On>true</On><M><X>\u{fffd}</X></M></OpResult>\
             <ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></OpResponse>"
        );
    }

    #[test]
    fn writes_answers_of_ec2_in_its_dialect() {
        let result = json!({"vpcSet": [{"vpcId": "vpc-1", "tagSet": []}]});
        assert_eq!(
            ec2_response("DescribeVpcs", "ns", &result, "id"),
            "<DescribeVpcsResponse xmlns=\"ns\"><requestId>id</requestId><vpcSet><item><vpcId>vpc-1</vpcId>\
             <tagSet></tagSet></item></vpcSet></DescribeVpcsResponse>"
        );
        assert_eq!(
            ec2_error(&ApiError::client("C", "m"), "id"),
            "<Response><Errors><Error><Code>C</Code><Message>m</Message></Error></Errors><RequestID>id</RequestID></Response>"
        );
    }

    #[test]
    fn tells_whose_fault_an_error_is() {
        let sender = error("ns", &ApiError::client("C", "m"), "id");
        assert!(
            sender.contains("<Type>Sender</Type><Code>C</Code><Message>m</Message></Error><RequestId>id</RequestId>")
        );
        assert!(error("ns", &ApiError::server("C", "m"), "id").contains("<Type>Receiver</Type>"));
    }
}
