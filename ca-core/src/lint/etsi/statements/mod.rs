//! ETSI EN 319 412-5: QCStatements.

mod claim;
mod device;
mod disclosure;
mod kind;
mod legislation;
mod semantics;
mod well_formed;

use crate::lint::Rule;

pub(in crate::lint) const RULES: &[Rule] = &[
    well_formed::RULE,
    semantics::RULE,
    disclosure::RULE,
    kind::RULE,
    legislation::RULE,
    device::RULE,
    claim::RULE,
];
