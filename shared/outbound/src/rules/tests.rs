use super::*;

fn rules(text: &str) -> Rules {
    text.parse().unwrap()
}

fn allowed(rules: &Rules, address: &str) -> [bool; 2] {
    [true, false].map(|tls| rules.allow(address.parse().unwrap(), tls))
}

#[test]
fn without_own_networks_only_public_addresses_may_be_called_and_only_with_tls() {
    let rules = rules("");
    assert_eq!(rules, Rules::default());
    assert!(!rules.allow_some_without_tls());
    assert_eq!(allowed(&rules, "1.1.1.1"), [true, false]);
    for address in ["127.0.0.1", "10.0.0.1", "::1", "fd12::1", "169.254.169.254"] {
        assert_eq!(allowed(&rules, address), [false, false], "{address}");
    }
}

#[test]
fn an_own_network_is_open_to_its_last_address_and_no_further() {
    let rules = rules("127.0.0.0/8, 10.1.0.0/16,::1/128,fd12:3456::/32");
    assert!(rules.allow_some_without_tls());
    for address in
        ["127.0.0.1", "127.255.255.255", "10.1.0.0", "10.1.255.255", "::1", "::ffff:10.1.2.3", "fd12:3456::1"]
    {
        assert_eq!(allowed(&rules, address), [true, true], "{address}");
    }
    for address in ["10.0.255.255", "10.2.0.0", "192.168.0.1", "fd12:3457::1", "64:ff9b::10.1.0.1"] {
        assert_eq!(allowed(&rules, address), [false, false], "{address}");
    }
    assert_eq!(allowed(&rules, "1.1.1.1"), [true, false]);
}

#[test]
fn no_configuration_opens_what_is_nobodys_to_call() {
    let rules = rules("0.0.0.0/0,::/0");
    assert_eq!(allowed(&rules, "1.1.1.1"), [true, true]);
    assert_eq!(allowed(&rules, "192.168.0.1"), [true, true]);
    for address in ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "fe80::1", "0.0.0.0", "::"]
    {
        assert_eq!(allowed(&rules, address), [false, false], "{address}");
    }
}

#[test]
fn a_list_that_is_not_one_of_networks_is_refused_with_the_entry() {
    for entry in ["10.0.0.0", "10.0.0.0/33", "::/129", "10.0/8", "localhost/8", "10.0.0.0/-1", "/8"] {
        let refused = format!("127.0.0.0/8,{entry}").parse::<Rules>();
        assert_eq!(refused, Err(RulesError::NotANetwork { entry: entry.to_owned() }));
    }
    for entry in ["10.1.0.5/16", "fd12:3456::1/32", "128.0.0.0/0"] {
        let refused = entry.parse::<Rules>();
        assert_eq!(refused, Err(RulesError::NotTheFirst { entry: entry.to_owned() }));
    }
    let sentence = "10.1.0.5/16".parse::<Rules>().unwrap_err().to_string();
    assert_eq!(sentence, r#""10.1.0.5/16" names an address, not the first of a network"#);
}
