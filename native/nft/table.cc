#include "nft/table.h"

#include <arpa/inet.h>
// After it: the kernel's header brings its own otherwise.
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>

#include <cerrno>

#include "base/bytes.h"
#include "base/error.h"

namespace rp::nft {
namespace {

constexpr char kChain[] = "chain";
constexpr uint16_t kCreate = NLM_F_CREATE | NLM_F_EXCL;

netlink::Request message(uint16_t type, uint16_t flags, uint8_t family) {
  return {static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type), flags, nfgenmsg{family, NFNETLINK_V0, 0}};
}

// What is between these two is done as a whole or not at all.
netlink::Request bracket(uint16_t type) {
  return {type, 0, nfgenmsg{AF_UNSPEC, NFNETLINK_V0, htons(NFNL_SUBSYS_NFTABLES)}};
}

netlink::Socket opened() {
  try {
    return netlink::Socket(NETLINK_NETFILTER);
  } catch (const SystemError& error) {
    if (error.err == EPROTONOSUPPORT) throw UnsupportedError("nf_tables (CONFIG_NETFILTER_NETLINK)");
    throw;
  }
}

void commit(netlink::Socket& socket, std::vector<netlink::Request> requests, const char* name) {
  requests.insert(requests.begin(), bracket(NFNL_MSG_BATCH_BEGIN));
  requests.push_back(bracket(NFNL_MSG_BATCH_END));
  socket.transaction(requests, name);
}

}  // namespace

Hook Hook::localIn() { return {NFPROTO_INET, NF_INET_LOCAL_IN, ""}; }

Hook Hook::ingress(std::string device) { return {NFPROTO_NETDEV, NF_NETDEV_INGRESS, std::move(device)}; }

Table::Table(std::string name, const Hook& hook, std::vector<const char*> counters)
    : socket_(opened()), name_(std::move(name)), family_(hook.family) {
  std::vector<netlink::Request> requests;
  netlink::Request& table = requests.emplace_back(message(NFT_MSG_NEWTABLE, kCreate, family_));
  table.putString(NLA(NFTA_TABLE_NAME), name_);
  table.put(NLA(NFTA_TABLE_FLAGS), htonl(NFT_TABLE_F_OWNER));
  for (const char* const counter : counters) {
    netlink::Request& object = requests.emplace_back(message(NFT_MSG_NEWOBJ, kCreate, family_));
    object.putString(NLA(NFTA_OBJ_TABLE), name_);
    object.putString(NLA(NFTA_OBJ_NAME), counter);
    object.put(NLA(NFTA_OBJ_TYPE), htonl(NFT_OBJECT_COUNTER));
    object.nest(NLA(NFTA_OBJ_DATA), [] {});
  }
  netlink::Request& chain = requests.emplace_back(message(NFT_MSG_NEWCHAIN, kCreate, family_));
  chain.putString(NLA(NFTA_CHAIN_TABLE), name_);
  chain.putString(NLA(NFTA_CHAIN_NAME), kChain);
  chain.nest(NLA(NFTA_CHAIN_HOOK), [&] {
    chain.put(NLA(NFTA_HOOK_HOOKNUM), htonl(hook.number));
    chain.put(NLA(NFTA_HOOK_PRIORITY), uint32_t{0});
    if (!hook.device.empty()) chain.putString(NLA(NFTA_HOOK_DEV), hook.device);
  });
  chain.put(NLA(NFTA_CHAIN_POLICY), htonl(NF_ACCEPT));
  chain.putString(NLA(NFTA_CHAIN_TYPE), "filter");
  try {
    commit(socket_, std::move(requests), "NFT_MSG_NEWTABLE");
  } catch (const NetlinkError& error) {
    // EINVAL: no such subsystem or no such flag; EOPNOTSUPP: no such family.
    if (error.err == EINVAL || error.err == EOPNOTSUPP || error.err == EAFNOSUPPORT)
      throw UnsupportedError("nf_tables with tables that have an owner", "5.12");
    throw;
  }
}

void Table::replace(const std::vector<Rule>& rules) {
  std::vector<netlink::Request> requests;
  requests.reserve(rules.size() + 3);
  netlink::Request& flush = requests.emplace_back(message(NFT_MSG_DELRULE, 0, family_));
  flush.putString(NLA(NFTA_RULE_TABLE), name_);
  flush.putString(NLA(NFTA_RULE_CHAIN), kChain);
  for (const Rule& write : rules) {
    netlink::Request& rule = requests.emplace_back(message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family_));
    rule.putString(NLA(NFTA_RULE_TABLE), name_);
    rule.putString(NLA(NFTA_RULE_CHAIN), kChain);
    rule.nest(NLA(NFTA_RULE_EXPRESSIONS), [&] {
      Expressions expressions(rule);
      write(expressions);
    });
  }
  commit(socket_, std::move(requests), "NFT_MSG_NEWRULE");
}

CounterReader::CounterReader(const Table& table)
    : socket_(NETLINK_NETFILTER), table_(table.name()), family_(table.family()) {}

uint64_t CounterReader::packets(const char* counter) {
  netlink::Request get = message(NFT_MSG_GETOBJ, 0, family_);
  get.putString(NLA(NFTA_OBJ_TABLE), table_);
  get.putString(NLA(NFTA_OBJ_NAME), counter);
  get.put(NLA(NFTA_OBJ_TYPE), htonl(NFT_OBJECT_COUNTER));
  uint64_t packets = 0;
  socket_.request(get, "NFT_MSG_GETOBJ", [&](const netlink::Message& answer) {
    for (const netlink::Attribute& object : answer.attributes<nfgenmsg>()) {
      if (object.type != NFTA_OBJ_DATA) continue;
      for (const netlink::Attribute& value : netlink::Attributes(object.payload))
        if (value.type == NFTA_COUNTER_PACKETS && value.payload.size() == 8) packets = loadBe64(value.payload.data());
    }
  });
  return packets;
}

}  // namespace rp::nft
