//! Relying parties over HTTP: which there are, how they come to be, and what they are told.

mod disclose;
mod propose;
mod read;
mod view;

pub(super) use disclose::{__path_disclose, disclose};
pub(super) use propose::{
    __path_change, __path_confirm, __path_drop_it, __path_end, __path_register, change, confirm, drop_it,
    end, register,
};
pub(super) use read::{__path_list, __path_show, __path_waiting, list, show, waiting};
