#include "dataplane/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/bytes.h"

namespace rp::dataplane {

Endpoint Endpoint::from(const sockaddr_storage& storage) {
  Endpoint e;
  if (storage.ss_family == AF_INET) {
    const auto in = load<sockaddr_in>(&storage);
    e.address = Address::v4(&in.sin_addr);
    e.port = ntohs(in.sin_port);
  } else if (storage.ss_family == AF_INET6) {
    const auto in = load<sockaddr_in6>(&storage);
    e.address = Address::v6(&in.sin6_addr);
    e.port = ntohs(in.sin6_port);
  }
  return e;
}

socklen_t Endpoint::to(sockaddr_storage& storage) const {
  if (address.version == 4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, address.bytes, 4);
    store(&storage, in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  std::memcpy(&in.sin6_addr, address.bytes, 16);
  store(&storage, in);
  return sizeof in;
}

std::string Endpoint::text() const {
  return (address.version == 6 ? "[" + address.toString() + "]" : address.toString()) + ":" + std::to_string(port);
}

}  // namespace rp::dataplane
