// The inbound SPD for packets in the clear that are addressed to this host itself (RFC 4301 5.2 step 3b). The kernel
// delivers those by its `local` table, which no policy rule comes before; so the kernel is told to drop them, by a
// table of nf_tables that goes with this process.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/policy.h"
#include "dataplane/reporter.h"
#include "nft/table.h"

namespace rp::dataplane {

class InputFilter {
 public:
  // `device` is the TUN device, whose packets have been looked at already. The ports are those of IKE and ESP in UDP.
  // Throws UnsupportedError, NetlinkError.
  InputFilter(const std::string& device, uint16_t ikePort, uint16_t natPort);

  // Throws NetlinkError; what was there before is in force then.
  void replace(const std::vector<Policy>& policies);

  // What the kernel has dropped since the last call. Of the first packet thread.
  void count(Reporter& reporter);

 private:
  struct Read {
    nft::CounterReader reader;
    uint64_t mismatches = 0, blocked = 0;
  };
  nft::Table table_;
  std::string device_;
  uint16_t ikePort_, natPort_;
  // True if it drops anything at all.
  std::atomic<bool> drops_ = false;
  Read read_;
};

}  // namespace rp::dataplane
