//! CAs of the installation whose keys are elsewhere: what was made there and is brought over.

use ca_core::authority::absent::{CrlRefused, TakenCrl};
use ca_core::authority::link::{LINK_INSTALLED, Link, LinkRefused};
use ca_core::certificate::CaId;
use ca_core::storage::CommitError;

use crate::fault::{Attempt, Fault, until_settled};
use crate::permission::{ManageCas, Permit};
use crate::registry::Registry;

impl Registry {
    /// Takes a link certificate between two roots, DER, into use; whether it was not before.
    ///
    /// # Errors
    /// It is no such certificate, or the registry failed.
    pub fn install_link(&self, permit: &Permit<ManageCas>, der: &[u8]) -> Result<(Link, bool), CaError> {
        let roots: Vec<_> = self.authorities().roots().collect();
        let link = Link::verify(der, &roots, self.now())?;
        until_settled(|| {
            let event = self.event(&permit.actor(), LINK_INSTALLED, link.reference())?;
            match link.taking(self.store(), event).map_err(Fault::from)? {
                None => Ok(Attempt::Settled(Ok((link.clone(), false)))),
                Some(change) => Ok(Attempt::of(self.commit(change), || (link.clone(), true))),
            }
        })
    }

    /// Takes over a CRL, DER, that an offline CA made: it is published from now on, and what it lists counts here at once.
    ///
    /// # Errors
    /// No such CA, its key is here, the CRL is refused, or the registry failed.
    pub fn install_crl(
        &self,
        permit: &Permit<ManageCas>,
        ca: &CaId,
        crl: &[u8],
    ) -> Result<TakenCrl, CaError> {
        if self.authorities().of(ca).is_some() {
            return Err(CaError::KeyHere(ca.clone()));
        }
        let absent = self.authorities().absent(ca).ok_or_else(|| CaError::Unknown(ca.clone()))?;
        until_settled(|| match absent.take_crl(crl, &permit.actor()) {
            Ok(taken) => Ok(Attempt::Settled(Ok(taken))),
            Err(CrlRefused::Commit(conflict @ CommitError::Conflict { .. })) => {
                Ok(Attempt::Overtaken(conflict))
            }
            Err(CrlRefused::Commit(error)) => Err(Fault::from(error).into()),
            Err(CrlRefused::Entropy(error)) => Err(Fault::from(error).into()),
            Err(refused) => Err(CaError::Crl { ca: ca.clone(), refused }),
        })
    }
}

/// Something that a CA made elsewhere was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// No CA has this name.
    #[error("no CA of this installation is called {0}")]
    Unknown(CaId),
    /// The CA's key is here.
    #[error("the key of {0} is in this service, which makes its CRLs itself")]
    KeyHere(CaId),
    /// Its CRL is refused.
    #[error("the CRL of {ca} is refused: {refused}")]
    Crl {
        /// Whose it was to be.
        ca: CaId,
        /// Why.
        refused: CrlRefused,
    },
    /// A link certificate is refused.
    #[error("the link certificate is refused: {0}")]
    Link(#[from] LinkRefused),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
