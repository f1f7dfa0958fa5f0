//! The certificates of secure listeners: the default one, and those that are chosen by the name a client asks for.
//!
//! Owns reading and listing them. Certificates live in services that are not simulated: an ARN is taken as given.

use serde_json::{Value, json};

use crate::simulator::elb::input::{items, page, required, some, text};
use crate::simulator::elb::state::Elb;
use crate::simulator::error::ApiError;

/// Certificates of a listener beside the default one.
const MAX_CERTIFICATES: usize = 25;

/// The ARNs under `Certificates`.
///
/// # Errors
/// `CertificateNotFound` for what is no ARN.
pub(super) fn read(input: &Value) -> Result<Vec<String>, ApiError> {
    let mut arns = Vec::new();
    for certificate in items(input, "Certificates") {
        let arn = text(certificate, "CertificateArn").unwrap_or_default();
        if !arn.starts_with("arn:") {
            return Err(ApiError::client("CertificateNotFound", format!("Certificate {arn} not found")));
        }
        arns.push(arn.to_owned());
    }
    Ok(arns)
}

impl Elb {
    pub(super) fn add_listener_certificates(&mut self, input: &Value) -> Result<Value, ApiError> {
        let listener = self.listener(required(input, "ListenerArn")?)?;
        let (arn, known) = (listener.arn.clone(), listener.more_certificates.clone());
        some(input, "Certificates")?;
        if known.len() + items(input, "Certificates").len() > MAX_CERTIFICATES {
            let message = "The maximum number of certificates has been reached";
            return Err(ApiError::client("TooManyCertificates", message));
        }
        let wanted = read(input)?;
        let shown: Vec<Value> = wanted.iter().map(|arn| json!({"CertificateArn": arn, "IsDefault": false})).collect();
        self.listeners.get_mut(&arn).expect("it was found above").more_certificates.extend(wanted);
        Ok(json!({ "Certificates": shown }))
    }

    pub(super) fn remove_listener_certificates(&mut self, input: &Value) -> Result<Value, ApiError> {
        let arn = self.listener(required(input, "ListenerArn")?)?.arn.clone();
        some(input, "Certificates")?;
        let gone = read(input)?;
        let listener = self.listeners.get_mut(&arn).expect("it was found above");
        if gone.iter().any(|arn| listener.certificate.as_ref() == Some(arn)) {
            let message = "The default certificate cannot be removed from a listener";
            return Err(ApiError::client("OperationNotPermitted", message));
        }
        gone.iter().for_each(|arn| {
            listener.more_certificates.remove(arn);
        });
        Ok(json!({}))
    }

    pub(super) fn describe_listener_certificates(&self, input: &Value) -> Result<Value, ApiError> {
        let listener = self.listener(required(input, "ListenerArn")?)?;
        let default = listener.certificate.iter().map(|arn| json!({"CertificateArn": arn, "IsDefault": true}));
        let more = listener.more_certificates.iter().map(|arn| json!({"CertificateArn": arn, "IsDefault": false}));
        page(input, "Certificates", default.chain(more).collect())
    }
}
