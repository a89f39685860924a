use proptest::prelude::*;

use super::*;

fn class_of(address: &str) -> Class {
    class(address.parse().unwrap())
}

#[test]
fn addresses_of_the_internet_are_public() {
    for address in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "149.154.167.220",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2000::",
        "2001:200::1",
        "2606:4700:4700::1111",
        "2a00:1450:4001::1",
        "3ffe::1",
        "64:ff9b::1.1.1.1",
        "::ffff:1.1.1.1",
    ] {
        assert_eq!(class_of(address), Class::Public, "{address}");
    }
}

#[test]
fn loopback_and_private_networks_are_somebodys_own() {
    for address in [
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.168.0.0",
        "192.168.255.255",
        "::1",
        "fc00::",
        "fd12:3456:789a::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
    ] {
        assert_eq!(class_of(address), Class::Private, "{address}");
    }
}

#[test]
fn metadata_multicast_documentation_and_addresses_in_disguise_are_nobodys_to_call() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "100.100.100.200",
        "168.63.129.16",
        "169.254.0.0",
        "169.254.169.254",
        "169.254.170.2",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::2",
        "::127.0.0.1",
        "::1.1.1.1",
        "::ffff:0:1.1.1.1",
        "::ffff:169.254.169.254",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1.1.1.1",
        "100::1",
        "1fff:ffff::1",
        "2001::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:101:101::",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert_eq!(class_of(address), Class::Never, "{address}");
    }
}

/// Addresses of which as many are special as not.
pub(crate) fn any_ipv4() -> impl Strategy<Value = Ipv4Addr> {
    let first = prop::sample::select(vec![0_u8, 10, 100, 127, 168, 169, 172, 192, 198, 203, 224, 255]);
    let second = prop::sample::select(vec![0_u8, 16, 18, 51, 63, 64, 88, 100, 168, 254]);
    let special = (first, prop_oneof![second, any::<u8>()], any::<[u8; 2]>());
    prop_oneof![
        any::<u32>().prop_map(Ipv4Addr::from_bits),
        special.prop_map(|(a, b, [c, d])| Ipv4Addr::new(a, b, c, d)),
    ]
}

proptest! {
    #[test]
    fn an_ipv4_address_written_as_ipv6_is_no_more_than_itself(address in any_ipv4()) {
        let [a, b, c, d] = address.octets().map(u16::from);
        let (high, low) = (a << 8 | b, c << 8 | d);
        let own = class(address.into());
        prop_assert_eq!(class(address.to_ipv6_mapped().into()), own);
        let nat64 = class(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low).into());
        prop_assert_eq!(nat64 == Class::Public, own == Class::Public);
        prop_assert!(nat64 != Class::Private);
        prop_assert_eq!(class(Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1).into()), Class::Never);
    }

    #[test]
    fn the_standard_library_knows_no_special_address_that_is_public_here(address in any_ipv4()) {
        let special = address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_broadcast()
            || address.is_documentation()
            || address.is_multicast()
            || address.is_unspecified();
        prop_assert!(!special || class(address.into()) != Class::Public);
    }
}
