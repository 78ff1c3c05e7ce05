// Puts fragments together where a whole datagram is wanted: transport mode is for whole ones (RFC 4303 3.3.4), and ESP
// and AH are opened whole (RFC 4303 3.4.1) where the kernel has not done it.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/flow.h"

namespace rp::dataplane {

// Belongs to one thread. Bounded in datagrams, bytes, pieces and time: a flood of fragments costs others their
// datagrams, no more memory.
class Reassembly {
 public:
  enum class Outcome : uint8_t {
    kWaiting,    // kept
    kWhole,      // packet() is the datagram
    kMalformed,  // no fragment, or one that cannot be of its datagram
    kOverlap,    // the whole datagram is given up (RFC 5722 3; for IPv4 as well)
    kOverflow,   // no room for it
  };

  // `tag` is the caller's: that of the first piece to come stays with the datagram.
  Outcome add(std::span<const uint8_t> fragment, const Flow& flow, uint64_t tag, uint64_t nowNs);
  // After kWhole, until the next call: without the fragment's marks, lengths and checksum right.
  std::span<uint8_t> packet() { return packet_; }
  uint64_t tag() const { return tag_; }
  // Datagrams that waited too long since the last call (RFC 1122 3.3.2, RFC 8200 4.5: a minute).
  uint32_t expire(uint64_t nowNs);
  size_t waiting() const { return datagrams_.size(); }

  static constexpr size_t kDatagrams = 64, kPieces = 128, kBytes = 1 << 20;
  static constexpr uint64_t kLifetimeNs = 60'000'000'000;

 private:
  struct Piece {
    uint32_t first, last;  // octets, last exclusive
  };
  struct Datagram {
    Address source, destination;
    uint32_t identification = 0;
    uint8_t protocol = 0;
    uint64_t tag = 0, startedNs = 0;
    // Unfragmentable part, from the first fragment; the field in it that names what follows.
    std::vector<uint8_t> header;
    uint32_t nextHeaderAt = 0;
    uint8_t nextHeader = 0;
    std::vector<uint8_t> payload;
    std::vector<Piece> pieces;
    uint32_t total = 0;  // 0: the last one has not come
    uint32_t received = 0;
  };
  struct Fragment {
    std::span<const uint8_t> header, payload;
    uint32_t offset, nextHeaderAt;
    uint8_t nextHeader;
    bool more;
  };

  static bool parse(std::span<const uint8_t> packet, Fragment& fragment);
  void forget(size_t index);
  Outcome finish(Datagram& datagram);

  std::vector<Datagram> datagrams_;
  size_t bytes_ = 0;
  std::vector<uint8_t> whole_;
  std::span<uint8_t> packet_;
  uint64_t tag_ = 0;
};

}  // namespace rp::dataplane
