#include "dataplane/input_filter.h"

#include <netinet/in.h>

#include "base/error.h"
#include "esp/ip_header.h"

namespace rp::dataplane {
namespace {

using nft::Expressions;

// Counters of the table, by the counters that they become.
constexpr char kMismatches[] = "inTemplateMismatches", kBlocked[] = "inPolicyBlocked";

void version(Expressions& e, uint8_t version) {
  e.metaIs(NFT_META_NFPROTO, static_cast<uint8_t>(version == 4 ? AF_INET : AF_INET6));
}

void address(Expressions& e, const MaskedPrefix& prefix, bool source) {
  if (prefix.length == 0) return;
  const bool v4 = prefix.network.version == 4;
  const uint32_t offset = v4 ? (source ? 12 : 16) : (source ? 8 : 24);
  const size_t bytes = (prefix.length + 7u) / 8u;
  const auto value = prefix.network.octets().first(bytes);
  if (prefix.length % 8 == 0)
    e.payloadIs(NFT_PAYLOAD_NETWORK_HEADER, offset, value);
  else
    e.payloadIs(NFT_PAYLOAD_NETWORK_HEADER, offset, value, std::span(prefix.mask).first(bytes));
}

void ports(Expressions& e, uint32_t offset, const PortRange& range) {
  if (!range.any()) e.payloadIn(NFT_PAYLOAD_TRANSPORT_HEADER, offset, range.first, range.last);
}

// A mobility header's type stands in the upper half of a port (RFC 7296 3.13.1): the types whose ports are in the
// range.
struct Types {
  uint16_t first, last;
  explicit Types(const PortRange& range) : first(uint16_t((range.first + 255) >> 8)), last(range.last >> 8) {}
};

void transport(Expressions& e, const Selector& s, uint8_t protocol) {
  if (protocol != 0) e.metaIs(NFT_META_L4PROTO, protocol);
  switch (protocol) {
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      ports(e, 0, s.localPorts);
      ports(e, 0, s.remotePorts);
      return;
    case IPPROTO_MH:
      for (const PortRange* const range : {&s.localPorts, &s.remotePorts}) {
        if (range->any()) continue;
        const Types types(*range);
        // RFC 6275 6.1.1: the third octet.
        e.payloadIn(NFT_PAYLOAD_TRANSPORT_HEADER, 2, uint8_t(types.first), uint8_t(types.last));
      }
      return;
    default:
      // Inbound the remote end is the source.
      ports(e, 0, s.remotePorts);
      ports(e, 2, s.localPorts);
  }
}

// Those whose ports, or what stands for them, parseFlow reads.
constexpr uint8_t kWithPorts[] = {IPPROTO_TCP,     IPPROTO_UDP,  IPPROTO_DCCP,   IPPROTO_SCTP,
                                  IPPROTO_UDPLITE, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_MH};

void append(std::vector<nft::Table::Rule>& rules, const Policy& policy) {
  const Selector& s = policy.selector;
  const bool drops =
      policy.action == Action::kDiscard || (policy.action == Action::kEncrypt && policy.level != Level::kUse);
  const char* const counter = policy.action == Action::kDiscard ? kBlocked : kMismatches;
  const auto rule = [&](uint8_t protocol) {
    const Types local(s.localPorts), remote(s.remotePorts);
    if (protocol == IPPROTO_MH && (local.first > local.last || remote.first > remote.last)) return;
    rules.push_back([s, protocol, drops, counter](Expressions& e) {
      version(e, s.remote.network.version);
      address(e, s.remote, true);
      address(e, s.local, false);
      transport(e, s, protocol);
      if (drops) e.count(counter);
      e.verdict(drops ? nft::Verdict::drop : nft::Verdict::accept);
    });
  };
  // Ports of any protocol: of each one that has some.
  if (s.protocol != 0 || (s.localPorts.any() && s.remotePorts.any())) return rule(s.protocol);
  for (const uint8_t protocol : kWithPorts) rule(protocol);
}

// What is never asked for protection, in front of all policies.
std::vector<nft::Table::Rule> exempt(const std::string& device, uint16_t ikePort, uint16_t natPort) {
  std::vector<nft::Table::Rule> rules;
  const auto accept = [&](auto&& match) {
    rules.push_back([match](Expressions& e) {
      match(e);
      e.verdict(nft::Verdict::accept);
    });
  };
  // What came out of an SA, and what never left this host (lo is always the first interface).
  accept([device](Expressions& e) { e.interfaceIs(device); });
  accept([](Expressions& e) { e.metaIs(NFT_META_IIF, uint32_t{1}); });
  for (const uint8_t protocol : {esp::kEsp, esp::kAh})
    accept([protocol](Expressions& e) { e.metaIs(NFT_META_L4PROTO, protocol); });
  for (const uint16_t port : {ikePort, natPort})
    accept([port](Expressions& e) {
      e.metaIs(NFT_META_L4PROTO, uint8_t{IPPROTO_UDP});
      e.payloadIn(NFT_PAYLOAD_TRANSPORT_HEADER, 2, port, port);
    });
  // IPv6 is put together behind this: the first fragment is the one that is looked at, and without it there is none.
  accept([](Expressions& e) {
    version(e, 6);
    e.laterFragment();
  });
  // Neighbour Discovery comes from the link, which its hop limit proves (RFC 4861 11.2): without it no protected packet
  // finds its next hop either.
  accept([](Expressions& e) {
    constexpr uint8_t kHopLimit = 255;
    version(e, 6);
    e.metaIs(NFT_META_L4PROTO, uint8_t{IPPROTO_ICMPV6});
    e.payloadIs(NFT_PAYLOAD_NETWORK_HEADER, 7, {&kHopLimit, 1});
    e.payloadIn(NFT_PAYLOAD_TRANSPORT_HEADER, 0, uint8_t{133}, uint8_t{137});
  });
  return rules;
}

}  // namespace

InputFilter::InputFilter(const std::string& device, uint16_t ikePort, uint16_t natPort)
    : table_("routeplane-" + device, nft::Hook::localIn(), {kMismatches, kBlocked}),
      device_(device),
      ikePort_(ikePort),
      natPort_(natPort),
      read_{nft::CounterReader(table_)} {}

void InputFilter::replace(const std::vector<Policy>& policies) {
  std::vector<nft::Table::Rule> rules = exempt(device_, ikePort_, natPort_);
  bool drops = false;
  for (const Policy& policy : policies) {
    append(rules, policy);
    drops = drops || policy.action != Action::kNone;
  }
  if (!drops) rules.clear();
  table_.replace(rules);
  if (drops) drops_ = true;
}

void InputFilter::count(Reporter& reporter) {
  if (!drops_) return;
  const auto read = [&](const char* name, Counter counter, uint64_t& before) {
    const uint64_t now = read_.reader.packets(name);
    // Less than before: somebody set it back.
    const uint64_t more = now < before ? now : now - before;
    before = now;
    if (more == 0) return;
    reporter.count(counter, more - 1);
    reporter.drop(counter);
  };
  try {
    read(kMismatches, Counter::kInTemplateMismatches, read_.mismatches);
    read(kBlocked, Counter::kInPolicyBlocked, read_.blocked);
  } catch (const SystemError&) {  // the next time
  }
}

}  // namespace rp::dataplane
