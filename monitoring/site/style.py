"""How the front page looks: one style sheet, light and dark, for a screen and for paper."""

STYLE = """
:root{--ink:#1d2530;--quiet:#667080;--paper:#fff;--line:#dde2e8;--then:#aab4c0;--now:#2563a8;color-scheme:light dark}
@media (prefers-color-scheme:dark){
 :root{--ink:#e6eaf0;--quiet:#98a2b0;--paper:#161b22;--line:#323a45;--then:#5b6673;--now:#6ea8e8}}
body{margin:0;background:var(--paper);color:var(--ink);
 font:15px/1.5 system-ui,"Noto Sans","Noto Sans CJK SC",sans-serif}
main{max-width:1040px;margin:0 auto;padding:24px}
header{display:flex;gap:24px;align-items:center;border-left:6px solid var(--tone);padding:4px 20px;margin-bottom:32px}
h1{margin:0;font-size:24px} h2{font-size:20px;margin:36px 0 12px;border-top:1px solid var(--line);padding-top:24px}
h2 small{font-weight:400;color:var(--quiet);font-size:14px;margin-left:8px} h3{font-size:15px;margin:28px 0 8px}
header p{margin:2px 0} .quiet,footer,.figure,figcaption,.legend{color:var(--quiet);font-size:13px}
.badge{background:var(--tone);color:#fff;border-radius:6px;padding:6px 16px;
 font-weight:600;font-size:20px;white-space:nowrap}
.badge.small{font-size:13px;padding:3px 10px;vertical-align:3px}
.keep{--tone:#2e7d4f}.watch{--tone:#a86500}.retrain{--tone:#b3401f}.stop{--tone:#a01c3a}.cannot_tell{--tone:#5d6672}
.reasons{list-style:none;padding:0} .reasons li{border-left:4px solid var(--tone);padding:2px 14px;margin:12px 0}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:4px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--quiet);font-weight:500} td:first-child,th:first-child{text-align:left;padding-left:0}
.features td:nth-child(2),.features th:nth-child(2){text-align:left}
header+section h2{margin-top:0}
code{font-size:.92em;background:color-mix(in srgb,var(--ink) 7%,transparent);border-radius:3px;padding:0 4px}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(280px,1fr));gap:20px;margin-bottom:20px}
.side{display:flex;gap:48px;align-items:flex-start;flex-wrap:wrap} section{overflow-x:auto}
figure{margin:0} .legend{margin:2px 0} .legend i{display:inline-block;width:10px;height:10px;margin:0 4px 0 8px}
.legend i:first-child{margin-left:0} rect.then{fill:var(--then)} rect.now,circle.now{fill:var(--now)}
i.then{background:var(--then)} i.now{background:var(--now)} svg{display:block;max-width:100%;overflow:visible}
svg text{font-size:10px;fill:var(--quiet)} .axis{stroke:var(--quiet);stroke-dasharray:3 3}
.frame{fill:none;stroke:var(--line)} a{color:var(--now)}
footer{margin-top:40px;border-top:1px solid var(--line);padding-top:12px}
"""
