#include "web/gzip_stream.h"

#include <zlib.h>

#include <memory>
#include <utility>
#include <vector>

namespace rtt::web {
namespace {

constexpr std::size_t kPiece = 16 * 1024;
constexpr int kGzipFormat = 16;  // added to the window bits (deflateInit2)
constexpr int kDefaultMemory = 8;
// Window, hash tables and pending output at these settings (zconf.h).
constexpr std::size_t kZlibMemory = 256 * 1024;

class GzipStream {
 public:
  explicit GzipStream(BodyStream plain) : plain_(std::move(plain)), piece_(kPiece) {
    ok_ = deflateInit2(&zlib_, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + kGzipFormat, kDefaultMemory,
                       Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~GzipStream() {
    if (ok_) deflateEnd(&zlib_);
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  [[nodiscard]] bool ok() const { return ok_; }

  std::size_t read(char* to, std::size_t size) {
    zlib_.next_out = reinterpret_cast<Bytef*>(to);
    zlib_.avail_out = static_cast<uInt>(size);
    for (int status = Z_OK; status == Z_OK && zlib_.avail_out > 0;) {
      if (zlib_.avail_in == 0 && !at_end_) refill();
      status = deflate(&zlib_, at_end_ ? Z_FINISH : Z_NO_FLUSH);
    }
    return size - zlib_.avail_out;
  }

 private:
  void refill() {
    const std::size_t length = plain_.read(piece_.data(), piece_.size());
    at_end_ = length == 0;
    zlib_.next_in = reinterpret_cast<Bytef*>(piece_.data());
    zlib_.avail_in = static_cast<uInt>(length);
  }

  BodyStream plain_;
  std::vector<char> piece_;
  z_stream zlib_{};
  bool ok_ = false;
  bool at_end_ = false;  // of the plain body
};

}  // namespace

void compress(Response& response) {
  const auto gzip = std::make_shared<GzipStream>(response.stream);
  if (!gzip->ok()) return;
  response.stream.read = [gzip](char* to, std::size_t size) { return gzip->read(to, size); };
  response.stream.memory += kPiece + kZlibMemory;
  response.headers.emplace_back("Content-Encoding", "gzip");
}

}  // namespace rtt::web
