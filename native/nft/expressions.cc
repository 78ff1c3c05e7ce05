#include "nft/expressions.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace rp::nft {

template <class Body>
void Expressions::expression(const char* name, Body&& body) {
  request_.nest(NLA(NFTA_LIST_ELEM), [&] {
    request_.putString(NLA(NFTA_EXPR_NAME), name);
    request_.nest(NLA(NFTA_EXPR_DATA), body);
  });
}

void Expressions::number(netlink::AttributeType type, uint32_t value) { request_.put(type, htonl(value)); }

void Expressions::data(netlink::AttributeType type, std::span<const uint8_t> value) {
  request_.nest(type, [&] { request_.put(NLA(NFTA_DATA_VALUE), value); });
}

void Expressions::meta(nft_meta_keys key) {
  expression("meta", [&] {
    number(NLA(NFTA_META_KEY), key);
    number(NLA(NFTA_META_DREG), NFT_REG_1);
  });
}

void Expressions::interfaceIs(const std::string& name) {
  std::array<uint8_t, 16> padded{};  // IFNAMSIZ
  std::copy_n(name.begin(), std::min(name.size(), padded.size() - 1), padded.begin());
  meta(NFT_META_IIFNAME);
  compare(NFT_CMP_EQ, padded);
}

void Expressions::load(nft_payload_bases base, uint32_t offset, uint32_t bytes) {
  expression("payload", [&] {
    number(NLA(NFTA_PAYLOAD_DREG), NFT_REG_1);
    number(NLA(NFTA_PAYLOAD_BASE), base);
    number(NLA(NFTA_PAYLOAD_OFFSET), offset);
    number(NLA(NFTA_PAYLOAD_LEN), bytes);
  });
}

void Expressions::mask(std::span<const uint8_t> bits) {
  const std::array<uint8_t, 16> none{};
  expression("bitwise", [&] {
    number(NLA(NFTA_BITWISE_SREG), NFT_REG_1);
    number(NLA(NFTA_BITWISE_DREG), NFT_REG_1);
    number(NLA(NFTA_BITWISE_LEN), static_cast<uint32_t>(bits.size()));
    data(NLA(NFTA_BITWISE_MASK), bits);
    data(NLA(NFTA_BITWISE_XOR), std::span(none).first(bits.size()));
  });
}

void Expressions::compare(nft_cmp_ops op, std::span<const uint8_t> value) {
  expression("cmp", [&] {
    number(NLA(NFTA_CMP_SREG), NFT_REG_1);
    number(NLA(NFTA_CMP_OP), op);
    data(NLA(NFTA_CMP_DATA), value);
  });
}

void Expressions::range(std::span<const uint8_t> first, std::span<const uint8_t> last) {
  expression("range", [&] {
    number(NLA(NFTA_RANGE_SREG), NFT_REG_1);
    number(NLA(NFTA_RANGE_OP), NFT_RANGE_EQ);
    data(NLA(NFTA_RANGE_FROM_DATA), first);
    data(NLA(NFTA_RANGE_TO_DATA), last);
  });
}

void Expressions::payloadIs(nft_payload_bases base, uint32_t offset, std::span<const uint8_t> value,
                            std::span<const uint8_t> bits) {
  load(base, offset, static_cast<uint32_t>(value.size()));
  mask(bits);
  compare(NFT_CMP_EQ, value);
}

void Expressions::payloadIsNot(nft_payload_bases base, uint32_t offset, std::span<const uint8_t> value,
                               std::span<const uint8_t> bits) {
  load(base, offset, static_cast<uint32_t>(value.size()));
  mask(bits);
  compare(NFT_CMP_NEQ, value);
}

void Expressions::payloadIn(nft_payload_bases base, uint32_t offset, uint16_t first, uint16_t last) {
  uint8_t from[2], to[2];
  storeBe16(from, first);
  storeBe16(to, last);
  load(base, offset, 2);
  range(from, to);
}

void Expressions::payloadIn(nft_payload_bases base, uint32_t offset, uint8_t first, uint8_t last) {
  load(base, offset, 1);
  range({&first, 1}, {&last, 1});
}

void Expressions::laterFragment() {
  constexpr uint8_t kOffsetBits[2] = {0xff, 0xf8}, kNone[2] = {};
  expression("exthdr", [&] {
    number(NLA(NFTA_EXTHDR_DREG), NFT_REG_1);
    request_.put(NLA(NFTA_EXTHDR_TYPE), uint8_t{IPPROTO_FRAGMENT});
    number(NLA(NFTA_EXTHDR_OFFSET), 2);
    number(NLA(NFTA_EXTHDR_LEN), 2);
  });
  mask(kOffsetBits);
  compare(NFT_CMP_NEQ, kNone);
}

void Expressions::count(const char* name) {
  expression("objref", [&] {
    number(NLA(NFTA_OBJREF_IMM_TYPE), NFT_OBJECT_COUNTER);
    request_.putString(NLA(NFTA_OBJREF_IMM_NAME), name);
  });
}

void Expressions::verdict(Verdict code) {
  expression("immediate", [&] {
    number(NLA(NFTA_IMMEDIATE_DREG), NFT_REG_VERDICT);
    request_.nest(NLA(NFTA_IMMEDIATE_DATA), [&] {
      request_.nest(NLA(NFTA_DATA_VERDICT), [&] { number(NLA(NFTA_VERDICT_CODE), static_cast<uint32_t>(code)); });
    });
  });
}

}  // namespace rp::nft
