// One nf_tables table that is this process's: the kernel keeps everybody else off it, and takes it away when the
// process ends, however it does (NFT_TABLE_F_OWNER, Linux 5.12).
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "netlink/socket.h"
#include "nft/expressions.h"

namespace rp::nft {

struct Hook {
  uint8_t family = 0;
  uint32_t number = 0;
  std::string device;

  // What the kernel is about to deliver to this host, IPv4 put together (NFPROTO_INET, NF_INET_LOCAL_IN).
  static Hook localIn();
  // What has come in by a device, behind the taps and in front of everything else (NFPROTO_NETDEV, NF_NETDEV_INGRESS).
  static Hook ingress(std::string device);
};

// Of the network namespace of the thread that makes it. Not for several threads at once.
class Table {
 public:
  using Rule = std::function<void(Expressions&)>;

  // A table with one chain, which lets everything pass until replace(), and with counters of these names. Throws
  // UnsupportedError naming what the kernel lacks, NetlinkError if it refuses otherwise.
  Table(std::string name, const Hook& hook, std::vector<const char*> counters);

  const std::string& name() const { return name_; }
  uint8_t family() const { return family_; }
  // All rules at once: every packet meets those before or those after. Throws NetlinkError; nothing is changed then.
  void replace(const std::vector<Rule>& rules);

 private:
  netlink::Socket socket_;
  std::string name_;
  uint8_t family_;
};

// Reads counters of a table, from any thread, one at a time.
class CounterReader {
 public:
  explicit CounterReader(const Table& table);

  // Packets so far. Throws NetlinkError.
  uint64_t packets(const char* counter);

 private:
  netlink::Socket socket_;
  std::string table_;
  uint8_t family_;
};

}  // namespace rp::nft
