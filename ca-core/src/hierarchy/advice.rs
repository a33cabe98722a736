//! What breaks no rule of a hierarchy and is worth a look: profiles that nobody is given a certificate under.

use super::Hierarchy;
use crate::profile::{Advice, Profile, ProfileId, ProfileSet};

impl Hierarchy {
    /// What is worth a look in the profiles beside this hierarchy, by the profile that it is about.
    pub fn advice(&self, profiles: &ProfileSet) -> Vec<(ProfileId, Advice)> {
        let about = |profile: &Profile| {
            let found = [self.unused(profile), self.outlives(profile, profiles)];
            found.into_iter().flatten().map(|advice| (profile.id.clone(), advice)).collect::<Vec<_>>()
        };
        profiles.iter().flat_map(about).collect()
    }

    fn unused(&self, profile: &Profile) -> Option<Advice> {
        let id = &profile.id;
        let what = if profile.is_ca() {
            let used = self.iter().any(|ca| ca.profile == *id);
            (!used).then(|| "no CA of the hierarchy is certified under it".to_owned())
        } else {
            // Each CA issues its own responder's.
            let used = profile.is_responder() || self.issuers_of(&id.0).next().is_some();
            (!used)
                .then(|| "no CA of the hierarchy issues under it: nobody is given a certificate".to_owned())
        };
        what.map(|what| Advice::new("not-issued", "title", what))
    }

    /// What would end after its CA does is refused on the first day.
    fn outlives(&self, profile: &Profile, profiles: &ProfileSet) -> Option<Advice> {
        let mut issuers = self.issuers_of(&profile.id.0);
        let short = issuers.find_map(|ca| {
            let issuer = profiles.find(&ca.profile.0).ok()?;
            (issuer.validity < profile.validity).then_some((ca, issuer))
        });
        short.map(|(ca, issuer)| {
            let what = format!(
                "{} days are more than the {} that CA {} lasts: nothing could be issued",
                profile.validity.whole_days(),
                issuer.validity.whole_days(),
                ca.id
            );
            Advice::new("outlives-ca", "validity_days", what)
        })
    }
}
