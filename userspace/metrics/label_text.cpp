#include "metrics/label_text.h"

#include <string_view>

namespace rtt::metrics {
namespace {

void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out += name;
  out += "=\"";
  for (const char character : value) {
    if (character == '\n') {
      out += "\\n";
    } else {
      if (character == '\\' || character == '"') out += '\\';
      out += character;
    }
  }
  out += '"';
}

}  // namespace

std::string peer_label_text(const PeerLabels& peer) {
  std::string text;
  append_label(text, "target", peer.target);
  append_label(text, "peer", peer.peer);
  for (const auto& [name, value] : peer.constant) append_label(text, name, value);
  return text;
}

std::string series_label_text(const PeerLabels& peer, const std::string& method) {
  std::string text = peer_label_text(peer);
  append_label(text, "method", method);
  return text;
}

}  // namespace rtt::metrics
