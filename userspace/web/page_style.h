// The style sheet of the page, in the page itself: one request shows everything.
#pragma once

#include <string_view>

namespace rtt::web {

inline constexpr std::string_view kPageStyle = R"css(
:root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--ink:#1c2024;--soft:#60646c;--line:#e4e4e0;
--head:#f4f4f1;--good:#18794e;--bad:#c62a2f;--badbg:#fff0ef;--link:#0b68cb;--ref:#f2f7fd}
@media(prefers-color-scheme:dark){:root{--bg:#101214;--card:#17191c;--ink:#edeef0;--soft:#9ba1a6;
--line:#2b2f33;--head:#1d2024;--good:#4cc38a;--bad:#ff8b8b;--badbg:#2f1b1c;--link:#70b8ff;
--ref:#152130}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.75rem 1.5rem 3rem;max-width:84rem;background:var(--bg);
color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem 1rem}
h1{font-size:1.4rem;margin:0;letter-spacing:-.01em}
h2{font-size:1rem;margin:2rem 0 .6rem}
header span,p,.small{color:var(--soft)}
p{margin:.3rem 0}
nav{display:flex;gap:1.1rem;margin-left:auto}
a{color:var(--link);text-decoration:none}
a:hover{text-decoration:underline}
ul{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;align-items:flex-start;gap:.5rem}
li{border:1px solid var(--line);border-radius:.5rem;background:var(--card);padding:.3rem .75rem}
li.off{border-color:var(--bad)}
li.off span{display:block;max-width:34rem;color:var(--soft);font-size:.85rem}
.dot{display:inline-block;width:.55rem;height:.55rem;border-radius:50%;margin-right:.45rem;
background:var(--soft)}
.up{background:var(--good)}.down{background:var(--bad)}
.frame{overflow-x:auto;border:1px solid var(--line);border-radius:.6rem;background:var(--card)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.45rem .9rem;border-top:1px solid var(--line);vertical-align:top;text-align:right;
white-space:nowrap}
thead th{border-top:0;background:var(--head);font-weight:600}
thead small,td small{display:block;font-weight:400;font-size:.8rem;color:var(--soft)}
th:first-child,td:first-child{text-align:left}
tbody th{font-weight:600;background:var(--head);font-size:.9rem}
tbody td:first-child{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
font-size:.9rem;white-space:normal;overflow-wrap:anywhere;min-width:11rem;max-width:24rem}
td.ref,th.ref{background:var(--ref)}
td.bad{background:var(--badbg)}
td.bad small.why{color:var(--bad)}
.none{color:var(--soft)}
)css";

}  // namespace rtt::web
