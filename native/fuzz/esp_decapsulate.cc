// Two senders: one without the keys, whose packet arrives as it is, and one with them, whose text is sealed first, so
// that what comes after the ICV is reached too.
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "esp/decapsulate.h"

namespace {

using namespace rp::esp;
using namespace rp::crypto;

struct Sas {
  std::vector<std::unique_ptr<InboundSa>> all;

  Sas() {
    static const uint8_t key[64] = {7, 7, 7};
    const auto add = [&](Encryption e, size_t n, Integrity i, size_t m) {
      for (const Mode mode : {Mode::tunnel, Mode::transport}) {
        for (const bool esn : {false, true}) {
          SaParameters p;
          p.spi = 0x1000;
          p.mode = mode;
          p.esn = esn;
          p.udp = mode == Mode::transport;
          p.srcPort = p.dstPort = 4500;
          p.src = rp::Address::parse(esn ? "2001:db8::1" : "192.0.2.1", "src");
          p.dst = rp::Address::parse(esn ? "2001:db8::2" : "192.0.2.2", "dst");
          // Without a window no input depends on the ones before it.
          p.replayWindow = 0;
          p.suite.encryption = e;
          p.suite.encryptionKey = std::span(key).first(n);
          p.suite.integrity = i;
          p.suite.integrityKey = std::span(key).first(m);
          all.push_back(std::make_unique<InboundSa>(p));
        }
      }
    };
    add(Encryption::aesGcm, 20, Integrity::none, 0);
    add(Encryption::chacha20Poly1305, 36, Integrity::none, 0);
    add(Encryption::aesCbc, 16, Integrity::sha1_96, 20);
    add(Encryption::null, 0, Integrity::sha256_128, 32);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Sas sas;
  if (size < 4) return 0;
  // The first bytes choose the SA, the sender, the outer header that is in front and its ECN.
  InboundSa& sa = *sas.all[data[0] % sas.all.size()];
  const bool sealed = data[1] & 1;
  const uint32_t header = data[2], udp = data[1] & 2 ? 8 : 0;
  const uint8_t tos = data[3];
  data += 4;
  size -= 4;
  if (size > 65535) return 0;

  {
    std::vector<uint8_t> whole(data, data + size);
    InboundPacket p;
    p.data = whole.data();
    p.length = uint32_t(size);
    stripOuterHeader(p);
    if (p.data - p.headroom != whole.data() || p.headroom + p.length > size) std::abort();
  }

  // Exactly as long as the packet, so that a byte too far is noticed.
  const uint32_t front = header + udp <= size ? header + udp : 0;
  const size_t head = 8 + sa.suite().ivBytes(), icv = sa.suite().icvBytes();
  const size_t room = sealed ? head + icv : 0;
  std::vector<uint8_t> packet(size + room);
  std::copy(data, data + front, packet.begin());
  std::copy(data + front, data + size, packet.begin() + long(front + (sealed ? head : 0)));
  if (sealed) {
    Message m;
    m.data = packet.data() + front;
    m.textBytes = uint32_t(size - front);
    m.esn = sa.window().esn();
    rp::storeBe32(m.data, sa.spi());
    rp::storeBe32(m.data + 4, 1);
    sa.suite().seal(m);
  }
  InboundPacket p;
  p.data = packet.data() + front;
  p.length = uint32_t(packet.size() - front);
  p.headroom = front;
  p.sa = &sa;
  p.tos = tos;
  if (front > 0) {
    p.headerBytes = uint16_t(header);
    p.udpBytes = uint16_t(udp);
  }
  decapsulate({&p, 1});
  if (p.status == Status::ok) {
    // What is handed on lies inside the buffer and is an IP packet of its own length.
    if (p.data < packet.data() || p.data + p.length > packet.data() + packet.size()) std::abort();
    if (p.data - p.headroom != packet.data()) std::abort();
    const uint32_t length = p.version == 4 ? rp::loadBe16(p.data + 2) : 40u + rp::loadBe16(p.data + 4);
    if (length != p.length) std::abort();
  }
  return 0;
}
