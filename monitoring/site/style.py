"""How the pages of a run look, beside the sheet of all pages: pictures, navigation, traffic light, paper. No code."""

STYLE = """
:root{--s-now:var(--bar);--s-then:#9aa6b3;--s-third:#c2571a;--s-fourth:#2f8f6b;--s-fifth:#8e4fa8;--s-sixth:#b08a00;
--s-seventh:#4b5a9a;--s-good:var(--fine);--s-bad:var(--error);--heat:#2563a8}
@media (prefers-color-scheme:dark){:root{--s-then:#6b7784;--s-third:#f0945a;--s-fourth:#62c29c;--s-fifth:#c792de;
--s-sixth:#e0bd4a;--s-seventh:#98a6ea;--heat:#2f6bb0}}
html[lang=en] .zh,html[lang=zh] .en{display:none}
.s-now{--s:var(--s-now)}.s-then{--s:var(--s-then)}.s-third{--s:var(--s-third)}.s-fourth{--s:var(--s-fourth)}
.s-fifth{--s:var(--s-fifth)}.s-sixth{--s:var(--s-sixth)}.s-seventh{--s:var(--s-seventh)}.s-good{--s:var(--s-good)}
.s-bad{--s:var(--s-bad)}
figure.plot{margin:0 0 22px;max-width:600px;min-width:0} figure.plot.wide{max-width:none}
figure.plot.square{max-width:330px}
figcaption b{color:var(--ink);font-size:14px;font-weight:600} figcaption p{margin:1px 0 4px}
.plot svg text{font-size:11px;fill:var(--quiet)} .plot svg text.limit,.plot svg text.mark{fill:var(--ink)}
.stroke{fill:none;stroke:var(--s);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.stroke.dashed{stroke-dasharray:6 4} .band{fill:var(--s);opacity:.17;stroke:none} .dot{fill:var(--s)}
.fill{fill:var(--s)}
.base{stroke:var(--line)} line.limit{stroke:var(--warning);stroke-dasharray:5 4}
line.mark{stroke:var(--quiet);stroke-dasharray:2 3} .frame{fill:none;stroke:var(--line)}
.whisker{fill:none;stroke:var(--ink);stroke-width:1.5;vector-effect:non-scaling-stroke}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;color:var(--quiet);font-size:13px;margin:4px 0}
.legend i{display:inline-block;width:14px;height:10px;margin-right:5px;background:var(--s);border-radius:2px}
.legend i.dashed{height:0;border-top:3px dashed var(--s);background:none;vertical-align:4px;border-radius:0}
.hatched{background:repeating-linear-gradient(135deg,var(--card) 0 4px,var(--line) 4px 6px)!important}
.spark{display:inline-block;width:120px} .spark svg{width:120px;height:28px} .spark .stroke{stroke-width:1.3}
table.bars{width:100%} table.bars th{text-align:left;font-weight:400;color:var(--ink);white-space:normal;min-width:7em}
table.bars th,table.bars td{border:0;padding:2px 8px 2px 0} table.bars td.picture{width:60%}
table.bars svg{height:16px;width:100%} table.heat td,table.heat th{padding:3px 7px} table.heat td{border:1px solid
var(--paper)} table.heat .none{border:0} .scroll{overflow-x:auto;max-width:100%;margin:4px 0 18px}
section{overflow:visible} .side>*{min-width:0}
table.heat td{background:color-mix(in srgb,var(--heat) var(--h,0%),var(--paper))}
.h0{--h:3%}.h1{--h:9%}.h2{--h:16%}.h3{--h:23%}.h4{--h:30%}.h5{--h:37%}.h6{--h:44%}.h7{--h:50%}.h8{--h:56%}.h9{--h:61%}.h10{--h:66%}
.grid{grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr))}
.grid.small{grid-template-columns:repeat(auto-fill,minmax(min(100%,250px),1fr))}
a{color:var(--bar)} h2 small{font-weight:400;color:var(--quiet);font-size:14px;margin-left:8px}
.keep{--tone:var(--fine)}.watch{--tone:var(--warning)}.retrain{--tone:#c2571a}.stop{--tone:var(--error)}
.cannot_tell{--tone:var(--quiet)}
.reasons{list-style:none;padding:0} .reasons li{border-left:4px solid var(--tone);padding:2px 14px;margin:12px 0}
.reasons p{margin:3px 0}
.side{display:flex;gap:20px 48px;align-items:flex-start;flex-wrap:wrap} .figure{color:var(--quiet);font-size:13px}
.features td:nth-child(2),.features th:nth-child(2){text-align:left}
nav.site{display:flex;flex-wrap:wrap;gap:2px 4px;margin:-8px 0 20px;padding-bottom:8px;
border-bottom:1px solid var(--line)}
nav.site a{padding:4px 10px;border-radius:6px;text-decoration:none} nav.site a:hover{background:var(--card)}
nav.site a[aria-current]{background:var(--card);color:var(--ink);font-weight:600}
nav.site .language{margin-left:auto;float:none}
:focus-visible{outline:2px solid var(--bar);outline-offset:2px}
h1 small{font-weight:400;color:var(--quiet);font-size:16px;margin-left:8px} h1{line-height:1.35}
.light{display:inline-flex;gap:10px;align-items:center;vertical-align:middle;margin-right:10px}
.lamps{width:16px;height:44px;display:inline-block} .lamps rect{fill:#2a313a} .lamps .dark{fill:#56606c}
.lamps .lit{fill:var(--tone)} .keep .lamps .lit{fill:#3fbf74}.watch .lamps .lit{fill:#f2b134}
.retrain .lamps .lit{fill:#f08a3c}.stop .lamps .lit{fill:#f0574d}
.verdict{background:var(--tone);color:var(--paper);border-radius:6px;padding:2px 12px;font-size:.85em;font-weight:600;
white-space:nowrap}
.contents{display:flex;flex-wrap:wrap;gap:2px 18px;list-style:none;padding:0;font-size:13px;margin:0 0 8px}
.contents small{color:var(--quiet);margin-left:4px}
.reasons a{font-size:13px;white-space:nowrap} .since{color:var(--quiet);font-size:13px}
.facts td{white-space:normal;text-align:left} .wraps td{white-space:normal;text-align:left} .wraps th{text-align:left}
td.words,th.words{text-align:left;white-space:normal}
.tiles{margin-bottom:14px} h3{margin-top:14px}
.tile small{color:var(--quiet)} .tile .spark{display:block;margin-top:4px}
section:target{scroll-margin-top:12px}
:target>h2{text-decoration:underline;text-decoration-color:var(--tone,var(--bar))}
tr:has(:target){background:var(--card)}
@media (max-width:520px){.plot svg[viewBox^="0 0 480"] text{font-size:16px}
.plot svg[viewBox^="0 0 960"] text{font-size:22px} .plot svg{overflow:visible} .plot svg text.spare{display:none}}
@media print{@page{margin:14mm} body{font-size:11pt} main{max-width:none;padding:0} nav.site,.contents{display:none}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact} h2{break-after:avoid}
figure,.tile,li,tr{break-inside:avoid}
.scroll,section{overflow:visible} table{font-size:8pt} th,td{white-space:normal;padding:2px 5px}
table.heat{font-size:6pt} table.heat td,table.heat th{padding:1px 2px}
.grid{grid-template-columns:1fr 1fr} a{color:inherit;text-decoration:none} details>summary{display:none}
details::details-content{content-visibility:visible;display:block}}
"""
