#include "metrics/label_text.h"

#include <algorithm>

namespace rtt::metrics {

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

// Undoes append_label(): what that does not write is not expected here.
Labels parse_label_text(std::string_view text) {
  Labels labels;
  while (!text.empty()) {
    const std::size_t equals = text.find('=');
    auto& [name, value] = labels.emplace_back(text.substr(0, equals), "");
    std::size_t at = equals + 2;
    for (; text[at] != '"'; ++at) {
      const bool escaped = text[at] == '\\';
      if (escaped) ++at;
      value += escaped && text[at] == 'n' ? '\n' : text[at];
    }
    text.remove_prefix(std::min(at + 2, text.size()));
  }
  return labels;
}

std::string peer_label_text(const PeerLabels& peer) {
  std::string text;
  append_label(text, "target", peer.target);
  append_label(text, "peer", peer.peer);
  for (const auto& [name, value] : peer.constant) append_label(text, name, value);
  for (const auto& [name, value] : peer.owner) append_label(text, name, value);
  return text;
}

std::string series_label_text(const PeerLabels& peer, const std::string& method) {
  std::string text = peer_label_text(peer);
  append_label(text, "method", method);
  return text;
}

}  // namespace rtt::metrics
