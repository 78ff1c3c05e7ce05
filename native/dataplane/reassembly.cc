#include "dataplane/reassembly.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "dataplane/checksum.h"
#include "esp/ip_header.h"

namespace rp::dataplane {

bool Reassembly::parse(std::span<const uint8_t> p, Fragment& f) {
  if (p[0] >> 4 == 4) {
    const size_t header = (p[0] & 15u) * 4u;
    const uint16_t field = loadBe16(&p[6]);
    f = {p.first(header), p.subspan(header), (field & 0x1fffu) * 8u, 9, p[9], (field & 0x2000) != 0};
  } else {
    // Up to the fragment header, which parseFlow() has seen to be there.
    uint32_t at = 40, field = 6;
    while (p[field] != esp::kFragment) {
      if (at + 8 > p.size()) return false;
      field = at;
      at += (p[at + 1] + 1u) * 8u;
    }
    if (at + 8 > p.size()) return false;
    const uint16_t word = loadBe16(&p[at + 2]);
    f = {p.first(at), p.subspan(at + 8), word & 0xfff8u, field, p[at], (word & 1) != 0};
  }
  // All but the last are whole units of eight, and none reaches beyond what an IP packet can hold.
  if (f.payload.empty() || (f.more && f.payload.size() % 8 != 0)) return false;
  const size_t header = f.header.size() - (p[0] >> 4 == 4 ? 0 : 40);
  return header + f.offset + f.payload.size() <= 65535;
}

void Reassembly::forget(size_t i) {
  bytes_ -= datagrams_[i].payload.capacity();
  std::swap(datagrams_[i], datagrams_.back());
  datagrams_.pop_back();
}

uint32_t Reassembly::expire(uint64_t nowNs) {
  uint32_t expired = 0;
  for (size_t i = datagrams_.size(); i-- > 0;) {
    if (nowNs - datagrams_[i].startedNs <= kLifetimeNs) continue;
    forget(i);
    ++expired;
  }
  return expired;
}

Reassembly::Outcome Reassembly::add(std::span<const uint8_t> packet, const Flow& flow, uint64_t tag, uint64_t nowNs) {
  Fragment f;
  if (!flow.fragment || !parse(packet.first(flow.length), f)) return Outcome::kMalformed;
  const auto same = [&](const Datagram& d) {
    // RFC 791 ties fragments by protocol too; in IPv6 the first alone says it (RFC 8200 4.5).
    return d.identification == flow.identification && d.source == flow.source && d.destination == flow.destination &&
           (flow.source.version == 6 || d.protocol == f.nextHeader);
  };
  auto found = std::find_if(datagrams_.begin(), datagrams_.end(), same);
  if (found == datagrams_.end()) {
    if (datagrams_.size() == kDatagrams) return Outcome::kOverflow;
    Datagram fresh;
    fresh.source = flow.source, fresh.destination = flow.destination;
    fresh.identification = flow.identification, fresh.protocol = f.nextHeader;
    fresh.tag = tag, fresh.startedNs = nowNs;
    datagrams_.push_back(std::move(fresh));
    found = datagrams_.end() - 1;
  }
  Datagram& d = *found;
  const auto index = static_cast<size_t>(found - datagrams_.begin());
  const auto refuse = [&](Outcome outcome) {
    forget(index);
    return outcome;
  };
  const uint32_t first = f.offset, last = first + static_cast<uint32_t>(f.payload.size());
  if (!f.more) {
    if (d.total != 0 && d.total != last) return refuse(Outcome::kMalformed);
    d.total = last;
  }
  for (const Piece& p : d.pieces) {
    if (first < p.last && p.first < last) return refuse(Outcome::kOverlap);
    if (d.total != 0 && p.last > d.total) return refuse(Outcome::kMalformed);
  }
  if (d.total != 0 && last > d.total) return refuse(Outcome::kMalformed);
  const size_t grown = last > d.payload.capacity() ? std::max<size_t>(last, 8192) - d.payload.capacity() : 0;
  if (d.pieces.size() == kPieces || bytes_ + grown > kBytes) return refuse(Outcome::kOverflow);
  bytes_ -= d.payload.capacity();
  if (grown > 0) d.payload.reserve(std::max<size_t>(last, 8192));
  bytes_ += d.payload.capacity();
  if (d.payload.size() < last) d.payload.resize(last);
  std::copy(f.payload.begin(), f.payload.end(), d.payload.begin() + first);
  d.pieces.push_back({first, last});
  d.received += last - first;
  if (first == 0) {
    d.header.assign(f.header.begin(), f.header.end());
    d.nextHeaderAt = f.nextHeaderAt, d.nextHeader = f.nextHeader;
  }
  if (d.total == 0 || d.received != d.total) return Outcome::kWaiting;
  const Outcome outcome = finish(d);
  forget(index);
  return outcome;
}

Reassembly::Outcome Reassembly::finish(Datagram& d) {
  const size_t header = d.header.size(), length = header + d.total;
  if (length - (d.source.version == 4 ? 0 : 40) > 65535) return Outcome::kMalformed;
  whole_.resize(length);
  std::copy(d.header.begin(), d.header.end(), whole_.begin());
  std::copy(d.payload.begin(), d.payload.begin() + d.total, whole_.begin() + static_cast<long>(header));
  uint8_t* const p = whole_.data();
  if (d.source.version == 4) {
    storeBe16(p + 2, static_cast<uint16_t>(length));
    storeBe16(p + 6, 0);
    finishIpv4Header(p);
  } else {
    p[d.nextHeaderAt] = d.nextHeader;
    storeBe16(p + 4, static_cast<uint16_t>(length - 40));
  }
  packet_ = whole_;
  tag_ = d.tag;
  return Outcome::kWhole;
}

}  // namespace rp::dataplane
