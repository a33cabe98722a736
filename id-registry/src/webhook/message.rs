//! Messages as they are sent (Standard Webhooks).

use ca_core::clock::whole_seconds;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::audience::{NamedBy, Notice};
use super::{Webhook, WebhookError, WebhookSecret};
use crate::fault::Fault;
use crate::record::encode;
use crate::registry::Registry;

/// A message, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its name, the same however often it is sent: header `webhook-id`.
    pub id: String,
    /// When it is sent, seconds since 1970: header `webhook-timestamp`.
    pub timestamp: i64,
    /// Under the secret, and for a while under the one before: header `webhook-signature`.
    pub signature: String,
    /// JSON.
    pub body: Vec<u8>,
}

impl Registry {
    /// What a receiver is sent of a notice. `number` counts the messages of the webhook from 1, without a gap.
    pub(super) fn message(
        &self,
        webhook: &Webhook,
        secrets: &[WebhookSecret],
        notice: &Notice,
        number: u64,
    ) -> Result<Message, WebhookError> {
        let joins = notice.person.as_ref().is_some_and(|basis| basis.named == NamedBy::Pseudonym);
        let mut data: Map<String, Value> =
            notice.about.iter().map(|(kind, name)| (kind.clone(), name.as_str().into())).collect();
        data.insert("webhook".to_owned(), webhook.id.to_string().into());
        data.insert("number".to_owned(), number.into());
        if !joins {
            data.insert("position".to_owned(), notice.position.0.into());
        }
        let at = if joins { notice.at.replace_time(time::Time::MIDNIGHT) } else { whole_seconds(notice.at) };
        let body = json!({"type": notice.kind.name(), "timestamp": text(at), "data": data});
        let place = ["webhook message", &webhook.id.to_string(), &notice.event.to_string()];
        // Under a secret: an event's own identifier would tell two receivers that they were told of one.
        let id = format!("msg_{}", short(&self.blinded(&place)?));
        self.signed_message(id, secrets, &body)
    }

    /// A message that tells nothing, to see whether it arrives.
    pub(super) fn test_message(
        &self,
        webhook: &Webhook,
        secrets: &[WebhookSecret],
    ) -> Result<Message, WebhookError> {
        let mut name = [0; 16];
        self.entropy().fill(&mut name).map_err(Fault::from)?;
        let data = json!({"webhook": webhook.id.to_string()});
        let body = json!({"type": "webhook.test", "timestamp": text(self.now()), "data": data});
        self.signed_message(format!("msg_{}", hex::encode(name)), secrets, &body)
    }

    fn signed_message(
        &self,
        id: String,
        secrets: &[WebhookSecret],
        body: &Value,
    ) -> Result<Message, WebhookError> {
        let body = encode(body)?;
        let timestamp = self.now().unix_timestamp();
        let signatures = secrets.iter().map(|secret| secret.sign(&id, timestamp, &body));
        let signature = signatures.collect::<Vec<_>>().join(" ");
        Ok(Message { id, timestamp, signature, body })
    }
}

fn text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

fn short(digest: &[u8]) -> String {
    hex::encode(digest.get(..16).unwrap_or(digest))
}
