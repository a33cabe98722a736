//! What a relying party asks, over the crate `ocsp-responder`: one small file for each question.
