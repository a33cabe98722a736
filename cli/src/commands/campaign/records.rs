//! Campaigns as the server sends them, and how they are told to people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::output::{Meaning, Page};

/// A campaign.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Campaign {
    pub(super) name: String,
    pub(super) phase: String,
    pub(super) selects: String,
    pub(super) why: String,
    pub(super) started_by: String,
    pub(super) started_at: String,
    pub(super) approval: Option<Decision>,
    pub(super) end: Option<Decision>,
    /// How far the look for its members is, in thousandths; nothing when they are all gathered.
    pub(super) gathered: Option<u64>,
    pub(super) members: u64,
    pub(super) left: u64,
    pub(super) states: BTreeMap<String, u64>,
    pub(super) stages: Vec<Stage>,
    #[serde(flatten)]
    pub(super) further: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Decision {
    by: String,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    why: Option<String>,
}

/// One stage.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stage {
    pub(super) number: u64,
    pub(super) notify_at: String,
    pub(super) hold_at: Option<String>,
    pub(super) revoke_at: Option<String>,
    pub(super) members: u64,
    pub(super) states: BTreeMap<String, u64>,
}

/// A member.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Member {
    pub(super) serial: String,
    pub(super) issuer: String,
    pub(super) profile: String,
    pub(super) identity: String,
    pub(super) organisation: Option<String>,
    pub(super) state: String,
    pub(super) not_after: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) stage: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) addressee: Option<super::export::Holder>,
    #[serde(flatten)]
    pub(super) further: Map<String, Value>,
}

impl Campaign {
    fn meaning(&self) -> Meaning {
        match self.phase.as_str() {
            "running" | "finished" if self.left == 0 => Meaning::Good,
            _ => Meaning::Doubtful,
        }
    }

    /// Says it for people.
    pub(super) fn tell(&self, page: &mut Page) {
        let done = self.members.saturating_sub(self.left);
        let percent = (done * 100).checked_div(self.members).unwrap_or(0);
        page.verdict(
            self.meaning(),
            &self.phase,
            format!(
                "campaign {}: {done} of {} members are done ({percent} %), {} are left",
                self.name, self.members, self.left
            ),
        );
        let mut facts = vec![
            ("selects", self.selects.clone()),
            ("why", self.why.clone()),
            ("started by", format!("{}, {}", self.started_by, self.started_at)),
        ];
        for (name, decision) in [("approved by", &self.approval), ("ended by", &self.end)] {
            if let Some(Decision { by, at, why }) = decision {
                facts.push((name, format!("{by}, {at}  {}", why.as_deref().unwrap_or_default())));
            }
        }
        if let Some(thousandths) = self.gathered {
            facts.push((
                "gathered",
                format!("{} %: its members are still being looked for", thousandths / 10),
            ));
        }
        page.facts(&facts);
        let date = |date: &Option<String>| date.clone().unwrap_or_else(|| "-".to_owned());
        let rows = self.stages.iter().map(|stage| {
            [
                stage.number.to_string(),
                stage.notify_at.clone(),
                date(&stage.hold_at),
                date(&stage.revoke_at),
                stage.members.to_string(),
                told(&stage.states),
            ]
        });
        page.table(["STAGE", "NOTIFY", "HOLD", "REVOKE", "MEMBERS", "OF THEM"], rows.collect(), "no stages");
    }

    /// What is to be done next, for people.
    pub(super) fn next_step(&self, page: &mut Page) {
        let name = &self.name;
        match self.phase.as_str() {
            "gathering" => page.line(format!("the service gathers its members: npki campaign show {name}")),
            "waiting" => {
                page.line(format!("another administrator approves it: npki campaign approve {name}"))
            }
            "running" if self.left == 0 => {
                page.line(format!("nothing is left to do: npki campaign finish {name} --reason TEXT"));
            }
            "running" => {
                page.line(format!("whom to notify: npki campaign notify {name} --stage 1 --out FILE"))
            }
            "paused" => page.line(format!("to go on: npki campaign resume {name}")),
            _ => {}
        }
    }
}

fn told(states: &BTreeMap<String, u64>) -> String {
    let each = states.iter().map(|(state, count)| format!("{count} {state}"));
    each.collect::<Vec<_>>().join(", ")
}

/// A campaign and what to do next.
pub(super) fn tell(campaign: &Campaign, page: &mut Page) {
    campaign.tell(page);
    campaign.next_step(page);
}
