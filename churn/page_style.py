"""How every page for people looks: one style sheet, light and dark, English or Chinese by a switch. A text, no code."""

STYLE = """
:root{--ink:#1d2530;--quiet:#5d6774;--paper:#fff;--card:#f5f7f9;--line:#dde2e8;--bar:#2563a8;--rest:#cfd7e0;
--error:#b3261e;--warning:#a86500;--advice:#3a6ea5;--fine:#2e7d4f;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--quiet:#9aa5b3;--paper:#14191f;--card:#1c232b;--line:#323a45;
--bar:#6ea8e8;--rest:#3a4552;--error:#f2867c;--warning:#e0a84a;--advice:#7fb2ea;--fine:#6cc191}}
*{box-sizing:border-box} body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.55 system-ui,"Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:1080px;margin:0 auto;padding:28px 24px 48px}
header{border-left:6px solid var(--tone);padding:2px 20px;margin-bottom:24px}
.error{--tone:var(--error)}.warning{--tone:var(--warning)}.advice{--tone:var(--advice)}.fine{--tone:var(--fine)}
.none{--tone:var(--quiet)}
h1{margin:0;font-size:25px} h2{font-size:19px;margin:40px 0 12px} h3{font-size:14px;margin:0 0 6px;font-weight:600}
p{margin:4px 0} .quiet,footer,figcaption{color:var(--quiet);font-size:13px}
.language{float:right;font-size:13px;color:var(--quiet)} .language input{accent-color:var(--bar)}
body:has(#en:checked) .zh,body:has(#zh:checked) .en{display:none}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px}
.tile{background:var(--card);border-radius:8px;padding:10px 14px}
.tile b{display:block;font-size:21px;font-variant-numeric:tabular-nums;line-height:1.3}
.findings{list-style:none;padding:0;margin:0}
.findings li{border-left:4px solid var(--tone);padding:3px 14px;margin:10px 0}
.badge{color:var(--tone);font-weight:600;font-size:13px;margin-right:6px}
details{margin-top:12px} summary{cursor:pointer;color:var(--quiet)}
.mend{color:var(--quiet)}
code{font-size:.92em;background:var(--card);border-radius:3px;padding:0 4px;overflow-wrap:anywhere}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums} section{overflow-x:auto}
th,td{text-align:right;padding:4px 12px;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--quiet);font-weight:500} td:first-child,th:first-child{text-align:left;padding-left:0}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:22px 28px}
figure{margin:0} svg{display:block;width:100%;height:auto;overflow:visible} svg text{font-size:10px;fill:var(--quiet)}
.bar{fill:var(--bar)} .rest{fill:var(--rest)} .dim{fill:var(--warning);opacity:.25} .base{stroke:var(--line)}
.full{display:grid;grid-template-columns:minmax(110px,auto) 1fr 46px;gap:3px 10px;font-size:13px;align-items:center}
.full i{display:block;height:10px;border-radius:3px;
background:linear-gradient(90deg,var(--bar) var(--to),var(--rest) 0)}
.full span:nth-child(3n){text-align:right;color:var(--quiet);font-variant-numeric:tabular-nums}
footer{margin-top:44px;border-top:1px solid var(--line);padding-top:12px}
@media print{.language{display:none} details{display:block}}
"""
