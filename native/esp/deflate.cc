#include "esp/deflate.h"

#include <dlfcn.h>

#include <algorithm>

#include "base/error.h"

namespace rp::esp {
namespace {

constexpr uint32_t kBufferBytes = 65536;
// zlib.h: no header and no check value, the whole window; memory for a fast compressor; all of it in one call.
constexpr int kRawWindow = -15, kDeflated = 8, kMemoryLevel = 8, kFastest = 1, kDefaultStrategy = 0, kFinish = 4;
constexpr int kStreamEnd = 1;

// z_stream as every zlib 1.x lays it out. The functions are looked up and not linked, because a process must not hold
// two of them and Node brings its own.
struct ZStream {
  const uint8_t* nextIn;
  unsigned availableIn;
  unsigned long totalIn;
  uint8_t* nextOut;
  unsigned availableOut;
  unsigned long totalOut;
  const char* message;
  void* state;
  void* allocate;
  void* release;
  void* opaque;
  int dataType;
  unsigned long adler;
  unsigned long reserved;
};

template <class F>
F symbol(const char* name) {
  void* found = ::dlsym(RTLD_DEFAULT, name);
  if (found == nullptr) {
    // Never closed: whoever made a stream needs it to the end.
    if (void* library = ::dlopen("libz.so.1", RTLD_NOW | RTLD_GLOBAL)) found = ::dlsym(library, name);
  }
  if (found == nullptr) throw UnsupportedError("IPComp without zlib");
  return reinterpret_cast<F>(found);
}

}  // namespace

struct Deflate::Stream {
  ZStream z{};
  int (*work)(ZStream*, int) = nullptr;
  int (*reset)(ZStream*) = nullptr;
  int (*end)(ZStream*) = nullptr;

  explicit Stream(Direction direction) {
    const bool out = direction == Direction::compress;
    work = symbol<int (*)(ZStream*, int)>(out ? "deflate" : "inflate");
    reset = symbol<int (*)(ZStream*)>(out ? "deflateReset" : "inflateReset");
    end = symbol<int (*)(ZStream*)>(out ? "deflateEnd" : "inflateEnd");
    const int failed =
        out ? symbol<int (*)(ZStream*, int, int, int, int, int, const char*, int)>("deflateInit2_")(
                  &z, kFastest, kDeflated, kRawWindow, kMemoryLevel, kDefaultStrategy, "1", sizeof z)
            : symbol<int (*)(ZStream*, int, const char*, int)>("inflateInit2_")(&z, kRawWindow, "1", sizeof z);
    if (failed != 0) throw UnsupportedError("IPComp with this zlib");
  }
  ~Stream() { end(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
};

Deflate::Deflate(Direction direction)
    : stream_(std::make_unique<Stream>(direction)),
      buffer_(std::make_unique<uint8_t[]>(kBufferBytes)),
      direction_(direction) {}

Deflate::~Deflate() = default;

std::optional<std::span<const uint8_t>> Deflate::run(std::span<const uint8_t> from, uint32_t limit) {
  Stream& s = *stream_;
  if (s.reset(&s.z) != 0) return {};
  limit = std::min(limit, kBufferBytes);
  s.z.nextIn = from.data();
  s.z.availableIn = unsigned(from.size());
  s.z.nextOut = buffer_.get();
  s.z.availableOut = limit;
  // One call, with the room that there may be: a packet of some bytes that would become gigabytes stops here.
  const int result = s.work(&s.z, kFinish);
  overflowed_ = result != kStreamEnd && s.z.availableOut == 0;
  if (result != kStreamEnd) return {};
  if (direction_ == Direction::decompress && s.z.availableIn != 0) return {};
  return std::span<const uint8_t>(buffer_.get(), limit - s.z.availableOut);
}

}  // namespace rp::esp
