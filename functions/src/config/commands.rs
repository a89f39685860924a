//! Configuration of what API keys may do.

use lambdagram_outbound::Rules;

use super::{ConfigError, Environment};

impl Environment {
    /// Commands that one API key may enqueue in a minute, where its role does not say its own number.
    pub(crate) fn commands_per_minute(&self) -> Result<u32, ConfigError> {
        self.parsed("COMMANDS_PER_MINUTE", "a whole number")
    }

    /// What may be called of the addresses that others chose.
    pub(crate) fn own_networks(&self) -> Result<Rules, ConfigError> {
        let variable = "OWN_NETWORKS";
        let expected = "networks separated by commas, such as 10.1.0.0/16";
        let networks = self.optional(variable).unwrap_or_default();
        networks.parse().map_err(|_| ConfigError::Invalid { variable, expected })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::environment;

    #[test]
    fn networks_are_a_list_with_commas_and_none_by_default() {
        let given = |list| environment(&[("OWN_NETWORKS", list)]).own_networks();
        assert!(given("").unwrap().check("http://127.0.0.1:1/").is_err());
        assert!(given("127.0.0.0/8,::1/128").unwrap().check("http://127.0.0.1:1/").is_ok());
        let expected = "OWN_NETWORKS must be networks separated by commas, such as 10.1.0.0/16";
        assert_eq!(given("hunter2").unwrap_err().to_string(), expected);
    }
}
