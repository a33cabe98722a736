//! A disk that is soon full: a small filesystem in memory, and a file on it that takes what room is left.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::npki::text;
use crate::programs::Program;

/// The filesystem; goes when it is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts one of so many MiB. That takes the rights of root, by sudo where need be: without them the test fails.
    pub fn of(mib: u32) -> Self {
        let disk = Self { folder: TempDir::new().unwrap() };
        let size = format!("size={mib}m,mode=0777");
        as_root(&["mount", "-t", "tmpfs", "-o", &size, "tmpfs", text(disk.path())]);
        disk
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A new folder on it, open to everybody.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o777)).unwrap();
        folder
    }

    /// Takes all the room there is but so many octets.
    pub fn fill_but(&self, octets: u64) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.ballast()).unwrap();
        while file.write_all(&[0; 1 << 16]).is_ok() {}
        let size = file.metadata().unwrap().len();
        File::set_len(&file, size.saturating_sub(octets)).unwrap();
    }

    /// Gives the room back.
    pub fn make_room(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that is about to end may still have a file open.
        as_root(&["umount", "--lazy", text(self.path())]);
    }
}

fn as_root(command: &[&str]) {
    let root = Program::named("id").args(["-u"]).run().succeeded().stdout == b"0\n";
    let sudo: &[&str] = if root { &[] } else { &["sudo", "-n"] };
    let (program, arguments) = [sudo, command].concat().split_first().map(|(a, b)| (*a, b.to_vec())).unwrap();
    Program::named(program).args(arguments).run().succeeded();
}
