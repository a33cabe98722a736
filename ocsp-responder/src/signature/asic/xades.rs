//! XAdES signatures in containers (EN 319 162-1 clauses 4.3.3.3 and 4.4.3): each is over the files themselves, and names them.

use std::cell::Cell;
use std::collections::HashSet;
use std::io::Read;

use roxmltree::Node;

use super::error::ContainerError;
use super::manifest::{Reference, named};
use super::names::Role;
use super::sign::MAX_SIGNATURES;
use super::verdict::{ContainerForm, Inspection, Judged, weakened};
use crate::signature::xades::{SignatureFile, XadesError, XadesSignature, counters_what};
use crate::validation::Indication;
use crate::xml::elements;
use crate::xml::signature::DS;

fn value_id<'d>(signature: Node<'d, '_>) -> Option<&'d str> {
    elements(signature).find(|part| part.has_tag_name((DS, "SignatureValue")))?.attribute("Id")
}

/// The most letters of a media type that are repeated (RFC 6838 section 4.2: twice 127 and a slash).
const MOST_LETTERS: usize = 255;
/// How many octets are read once more for archive time stamps over them, in all.
const MAX_READ_AGAIN: u64 = 2 * 1024 * 1024 * 1024;

impl Inspection<'_> {
    /// All signatures of these files of XAdES signatures.
    ///
    /// # Errors
    /// There are more than are looked at.
    pub(super) fn over_files(
        &self,
        files: &[&str],
        form: ContainerForm,
    ) -> Result<Vec<Judged>, ContainerError> {
        let left = Cell::new(MAX_READ_AGAIN);
        let mut judged = Vec::new();
        for name in files {
            let octets = match self.contents.unpacked(name) {
                Ok(octets) => octets,
                Err(error) => {
                    judged.push(Judged::refused(*name, &error, self.basis));
                    continue;
                }
            };
            match SignatureFile::parse(&octets) {
                Ok(file) => self.take(name, &file, form, &left, &mut judged)?,
                Err(error) => {
                    judged.push(Judged::refused(*name, &error.into(), self.basis));
                }
            }
        }
        Ok(judged)
    }

    /// The signatures of one file; where there are several, each is called by its place, too.
    fn take(
        &self,
        name: &str,
        file: &SignatureFile<'_>,
        form: ContainerForm,
        left: &Cell<u64>,
        judged: &mut Vec<Judged>,
    ) -> Result<(), ContainerError> {
        let (counters, signatures): (Vec<_>, Vec<_>) =
            file.signatures().into_iter().partition(|node| counters_what(*node).is_some());
        if judged.len() + signatures.len() + counters.len() > MAX_SIGNATURES {
            return Err(ContainerError::TooMany);
        }
        let values: Vec<_> = signatures.iter().filter_map(|node| value_id(*node)).collect();
        let is_alone = signatures.len() == 1;
        for (place, node) in signatures.into_iter().enumerate() {
            let called = if is_alone { name.to_owned() } else { format!("{name}#{}", place + 1) };
            let read = XadesSignature::read(node).map_err(ContainerError::from);
            let read = read.map(|signature| signature.countered_among(&counters));
            let read = read.and_then(|signature| Ok((self.referenced(&signature, form)?, signature)));
            judged.push(match read {
                Ok((references, signature)) => self.judged(name, called, &references, &signature, left),
                Err(error) => Judged::refused(called, &error, self.basis),
            });
        }
        // One that is over no signature of its file is told by itself, and is no signature over files.
        let astray =
            counters.iter().filter(|node| !values.iter().any(|value| counters_what(**node) == Some(*value)));
        for (place, _) in astray.enumerate() {
            let called = format!("{name}#counter-{}", place + 1);
            judged.push(Judged::refused(called, &XadesError::CountersNone.into(), self.basis));
        }
        Ok(())
    }

    /// The files that a signature is over, each of which it names once.
    fn referenced(
        &self,
        signature: &XadesSignature<'_, '_>,
        form: ContainerForm,
    ) -> Result<Vec<Reference>, ContainerError> {
        let data = self.contents.of_role(Role::Data);
        if form == ContainerForm::Simple && data.len() != 1 {
            return Err(ContainerError::NotOne(data.len()));
        }
        let mut names = HashSet::new();
        let mut references = Vec::new();
        for (uri, stated) in signature.files() {
            let elsewhere = || XadesError::Elsewhere(uri.chars().take(80).collect());
            let name = named(uri)?.ok_or_else(elsewhere)?;
            if !names.insert(name.clone()) {
                return Err(ContainerError::Twice(name));
            }
            let reference = Reference::stated(name, stated.clone());
            references.push(reference.ok_or(XadesError::Form("a digest has not the length of its kind"))?);
        }
        if references.is_empty() {
            Err(XadesError::Form("it is over no file").into())
        } else {
            Ok(references)
        }
    }

    fn judged(
        &self,
        file: &str,
        called: String,
        references: &[Reference],
        signature: &XadesSignature<'_, '_>,
        left: &Cell<u64>,
    ) -> Judged {
        let opened = |uri: &str| -> Option<Box<dyn Read + '_>> {
            let name = named(uri).ok().flatten()?;
            left.set(left.get().checked_sub(self.contents.size(&name)?)?);
            Some(Box::new(self.contents.open(&name).ok()?))
        };
        let verdict = signature.judged(&opened, self.kept(file), self.basis);
        let covers: Vec<String> = references.iter().map(|reference| reference.name.clone()).collect();
        let media_types = signature.media_types().filter_map(|(uri, kind)| {
            let name = named(uri).ok().flatten()?;
            Some((name, kind.chars().take(MOST_LETTERS).collect()))
        });
        let media_types = media_types.collect();
        // What is not intact needs no further reason.
        if verdict.indication == Indication::TotalFailed {
            return Judged { file: called, covers, media_types, verdict };
        }
        let faults = references.iter().filter_map(|reference| reference.fault(self.contents));
        let data = self.contents.of_role(Role::Data).into_iter();
        let left_out = data.filter(|name| !covers.iter().any(|covered| covered == name));
        let left_out = left_out.map(|name| ContainerError::LeftOut(name.to_owned()));
        let verdict = weakened(verdict, faults.chain(left_out).collect(), self.basis);
        Judged { file: called, covers, media_types, verdict }
    }
}
