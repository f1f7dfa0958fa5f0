//! What containers wrote: a log stream of CloudWatch Logs, from its beginning to its end.

use super::client::Aws;
use super::error::AwsError;

/// A page has up to a megabyte; a task that writes more than this many is not judged by its log.
const MOST_PAGES: usize = 200;

impl Aws {
    /// Every line of a log stream, in order.
    ///
    /// Lines that were written seconds ago may be missing: CloudWatch Logs takes them in late.
    ///
    /// # Errors
    /// `NotFound` if there is no such group or stream (yet).
    pub async fn log(&self, group: &str, stream: &str) -> Result<Vec<String>, AwsError> {
        const OPERATION: &str = "logs:GetLogEvents";
        let mut lines = Vec::new();
        let mut page: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let answer = self
                .repeat(OPERATION, async || {
                    let call = self.logs.get_log_events().log_group_name(group).log_stream_name(stream);
                    let call = call.start_from_head(true).set_next_token(page.clone());
                    call.send().await.map_err(|error| AwsError::of(OPERATION, error))
                })
                .await?;
            lines.extend(answer.events.unwrap_or_default().into_iter().filter_map(|event| event.message));
            // At the end of the stream AWS gives back the token that it was given; a page without lines is not the end.
            if answer.next_forward_token.is_none() || answer.next_forward_token == page {
                return Ok(lines);
            }
            page = answer.next_forward_token;
        }
        Err(AwsError::strange(OPERATION, format!("more than {MOST_PAGES} pages in {stream}")))
    }
}
