// DEFLATE (RFC 1951) without a frame, as IPComp has it (RFC 2394), by zlib: the one inside Node, or the system's.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

namespace rp::esp {

// One direction of one SA. Each packet is a stream of its own. Whoever runs it holds `mutex` until he has the result:
// several threads may share an SA.
class Deflate {
 public:
  enum class Direction : uint8_t { compress, decompress };

  // Throws UnsupportedError where there is no zlib.
  explicit Deflate(Direction direction);
  ~Deflate();
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;

  std::mutex mutex;

  // The bytes that `from` becomes, at most `limit` of them; nothing if there would be more, or if `from` is no whole
  // stream. Valid until the next call.
  std::optional<std::span<const uint8_t>> run(std::span<const uint8_t> from, uint32_t limit);
  // Of the last call that gave nothing: whether there would have been more than its limit.
  bool overflowed() const { return overflowed_; }

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<uint8_t[]> buffer_;
  Direction direction_;
  bool overflowed_ = false;
};

}  // namespace rp::esp
