#include "xfrm/algorithm.h"

#include <cstddef>

namespace rp::xfrm {
namespace {

using netlink::Attribute;
using netlink::AttributeType;
using netlink::Bytes;
using netlink::Request;

// xfrm_algo, xfrm_algo_auth and xfrm_algo_aead end in a flexible array, which C++ does not know.
struct AlgorithmHeader {
  char name[64];
  uint32_t keyBits;
};
struct IcvHeader : AlgorithmHeader {
  uint32_t icvBits;
};
static_assert(sizeof(AlgorithmHeader) == sizeof(xfrm_algo));
static_assert(sizeof(IcvHeader) == sizeof(xfrm_algo_aead) && sizeof(IcvHeader) == sizeof(xfrm_algo_auth));

template <class Header>
void put(Request& request, AttributeType type, const Algorithm& algorithm, Header header) {
  if (algorithm.name.empty() || algorithm.name.size() >= sizeof header.name)
    throw ArgumentError("name: not the name of an algorithm: " + algorithm.name);
  std::memcpy(header.name, algorithm.name.data(), algorithm.name.size());
  header.keyBits = static_cast<uint32_t>(algorithm.key.size() * 8);
  SecretBytes payload(sizeof header + algorithm.key.size());
  std::memcpy(payload.data(), &header, sizeof header);
  if (!algorithm.key.empty()) std::memcpy(payload.data() + sizeof header, algorithm.key.data(), algorithm.key.size());
  request.put(type, Bytes(payload));
}

template <class Header>
std::optional<Algorithm> decode(const Attribute& attribute) {
  const auto header = attribute.as<Header>();
  if (!header) return std::nullopt;
  const size_t keyBytes = (size_t{header->keyBits} + 7) / 8;
  if (attribute.payload.size() - sizeof(Header) < keyBytes) return std::nullopt;
  Algorithm algorithm;
  algorithm.name.assign(header->name, strnlen(header->name, sizeof header->name));
  const Bytes key = attribute.payload.subspan(sizeof(Header), keyBytes);
  algorithm.key.assign(key.begin(), key.end());
  if constexpr (std::is_same_v<Header, IcvHeader>) algorithm.icvBits = header->icvBits;
  return algorithm;
}

IcvHeader withIcv(const Algorithm& algorithm) {
  IcvHeader header{};
  header.icvBits = algorithm.icvBits;
  return header;
}

}  // namespace

void putAead(Request& request, const Algorithm& algorithm) {
  put(request, NLA(XFRMA_ALG_AEAD), algorithm, withIcv(algorithm));
}

void putEncryption(Request& request, const Algorithm& algorithm) {
  put(request, NLA(XFRMA_ALG_CRYPT), algorithm, AlgorithmHeader{});
}

void putIntegrity(Request& request, const Algorithm& algorithm) {
  // XFRMA_ALG_AUTH has no length; the kernel then truncates as its oldest RFC says (96 bits for SHA-256).
  if (algorithm.icvBits == 0)
    put(request, NLA(XFRMA_ALG_AUTH), algorithm, AlgorithmHeader{});
  else
    put(request, NLA(XFRMA_ALG_AUTH_TRUNC), algorithm, withIcv(algorithm));
}

void putCompression(Request& request, const Algorithm& algorithm) {
  put(request, NLA(XFRMA_ALG_COMP), algorithm, AlgorithmHeader{});
}

std::optional<Algorithm> decodeAead(const Attribute& attribute) { return decode<IcvHeader>(attribute); }
std::optional<Algorithm> decodeAlgorithm(const Attribute& attribute) { return decode<AlgorithmHeader>(attribute); }
std::optional<Algorithm> decodeIntegrity(const Attribute& attribute) { return decode<IcvHeader>(attribute); }

}  // namespace rp::xfrm
