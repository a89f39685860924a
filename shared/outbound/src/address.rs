//! What an address is: on the public Internet, in somebody's own network, or nobody's to call.
//!
//! The ranges are those of IANA's registries of special-purpose addresses (RFC 6890 and its updates). IPv6 is read the
//! other way round: only `2000::/3` is handed out as global unicast, so that everything else is closed without a list.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is for whoever calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A host on the Internet.
    Public,
    /// A host of one's own: loopback and private networks.
    Private,
    /// No service to call, whatever the configuration says.
    Never,
}

/// An address whose first `bits` are those of a range.
type Range<T> = (T, u32, Class);

/// Ranges of IPv4 that are not public; the first that fits counts.
const IPV4: [Range<Ipv4Addr>; 17] = [
    // "This network", and the unspecified address, which Linux connects to loopback.
    (Ipv4Addr::UNSPECIFIED, 8, Class::Never),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Class::Private),
    // Alibaba Cloud's metadata, inside the range of carriers' address translation.
    (Ipv4Addr::new(100, 100, 100, 200), 32, Class::Never),
    // Carriers' address translation (RFC 6598), also used inside clouds.
    (Ipv4Addr::new(100, 64, 0, 0), 10, Class::Private),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Class::Private),
    // Azure's own services for a machine, at a public address.
    (Ipv4Addr::new(168, 63, 129, 16), 32, Class::Never),
    // Link-local, with the metadata of EC2, of ECS and of most other clouds.
    (Ipv4Addr::new(169, 254, 0, 0), 16, Class::Never),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Class::Private),
    // IETF protocol assignments.
    (Ipv4Addr::new(192, 0, 0, 0), 24, Class::Never),
    // Documentation, here and twice below.
    (Ipv4Addr::new(192, 0, 2, 0), 24, Class::Never),
    // Relays of 6to4, deprecated.
    (Ipv4Addr::new(192, 88, 99, 0), 24, Class::Never),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Class::Private),
    // Benchmarks of network devices.
    (Ipv4Addr::new(198, 18, 0, 0), 15, Class::Never),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Class::Never),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Class::Never),
    // Multicast.
    (Ipv4Addr::new(224, 0, 0, 0), 4, Class::Never),
    // Reserved, and the broadcast address.
    (Ipv4Addr::new(240, 0, 0, 0), 4, Class::Never),
];

/// Ranges of IPv6 that say what they are; the first that fits counts.
const IPV6: [Range<Ipv6Addr>; 8] = [
    (Ipv6Addr::LOCALHOST, 128, Class::Private),
    // EC2's metadata, inside the range of unique local addresses.
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32, Class::Never),
    // Unique local addresses (RFC 4193).
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Class::Private),
    // IETF protocol assignments, Teredo among them.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Class::Never),
    // Documentation, old and new.
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, Class::Never),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, Class::Never),
    // 6to4: an IPv4 address in disguise, deprecated (RFC 7526).
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, Class::Never),
    // Global unicast.
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, Class::Public),
];

/// IPv4 addresses as networks with IPv6 alone write them (RFC 6052). AWS resolves names so where DNS64 is on.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// What `address` is.
pub(crate) fn class(address: IpAddr) -> Class {
    match plain(address) {
        IpAddr::V4(address) => class_of_ipv4(address),
        IpAddr::V6(address) => class_of_ipv6(address),
    }
}

/// The address that a connection to `address` goes to: an IPv4 address that is written as an IPv6 one is itself.
pub(crate) fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Whether both have their first `bits` in common.
pub(crate) fn within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => within_ipv4(address, network, bits),
        (IpAddr::V6(address), IpAddr::V6(network)) => within_ipv6(address, network, bits),
        _ => false,
    }
}

fn class_of_ipv4(address: Ipv4Addr) -> Class {
    let range = IPV4.iter().find(|(network, bits, _)| within_ipv4(address, *network, *bits));
    range.map_or(Class::Public, |(_, _, class)| *class)
}

fn class_of_ipv6(address: Ipv6Addr) -> Class {
    if within_ipv6(address, NAT64.0, NAT64.1) {
        let [.., a, b, c, d] = address.octets();
        // The prefix is for public addresses alone (RFC 6052, 3.1).
        return match class_of_ipv4(Ipv4Addr::new(a, b, c, d)) {
            Class::Public => Class::Public,
            Class::Private | Class::Never => Class::Never,
        };
    }
    let range = IPV6.iter().find(|(network, bits, _)| within_ipv6(address, *network, *bits));
    range.map_or(Class::Never, |(_, _, class)| *class)
}

fn within_ipv4(address: Ipv4Addr, network: Ipv4Addr, bits: u32) -> bool {
    let differing = address.to_bits() ^ network.to_bits();
    differing.leading_zeros() >= bits
}

fn within_ipv6(address: Ipv6Addr, network: Ipv6Addr, bits: u32) -> bool {
    let differing = address.to_bits() ^ network.to_bits();
    differing.leading_zeros() >= bits
}

#[cfg(test)]
pub(crate) mod tests;
