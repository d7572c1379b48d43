//! What files and tenants are called.

/// Keys of one run: `tenant-03/RUN/…/000000017.csv`. The number leads back to the file.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    run: String,
}

/// What stands between: keys are passed on verbatim, so some of them are awkward.
const FOLDERS: [&str; 8] = ["in", "in/2026", "out of order", "a+b", "50%25", "été", "in//deep", "q=1&r=2"];

impl Names {
    /// `run` keeps the keys of one run apart from those of others: letters, digits and hyphens.
    pub(crate) fn new(run: impl Into<String>) -> Self {
        Self { run: run.into() }
    }

    pub(crate) fn tenant(tenant: u16) -> String {
        format!("tenant-{tenant:02}")
    }

    /// What all keys of a tenant in this run begin with.
    pub(crate) fn prefix(&self, tenant: u16) -> String {
        format!("{}/{}/", Self::tenant(tenant), self.run)
    }

    pub(crate) fn key(&self, tenant: u16, file: u64) -> String {
        let folder = FOLDERS[(file % FOLDERS.len() as u64) as usize];
        format!("{}{folder}/{file:09}.csv", self.prefix(tenant))
    }

    /// The tenant and the file, when the key is exactly one of this run's.
    pub(crate) fn file(&self, key: &str) -> Option<(u16, u64)> {
        let tenant = key.strip_prefix("tenant-")?.split_once('/')?.0.parse().ok()?;
        let file = key.rsplit_once('/')?.1.strip_suffix(".csv")?.parse().ok()?;
        (self.key(tenant, file) == key).then_some((tenant, file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_back_to_their_files() {
        let names = Names::new("r1");
        for file in (0..100).chain([1_000_000_000_000]) {
            assert_eq!(names.file(&names.key((file % 7) as u16, file)), Some(((file % 7) as u16, file)));
        }
        assert_eq!(names.file(&names.key(123, 1)), Some((123, 1)));
    }

    #[test]
    fn other_keys_are_not_taken_for_ours() {
        let names = Names::new("r1");
        let others =
            ["", "tenant-01/r2/in/000000008.csv", "tenant-01/r1/in/8.csv", "tenant-1/r1/in/000000008.csv"];
        for other in
            others.iter().copied().chain(["tenant-01/r1/x/000000008.csv", "x/tenant-01/r1/in/000000008.csv"])
        {
            assert_eq!(names.file(other), None, "{other}");
        }
    }
}
