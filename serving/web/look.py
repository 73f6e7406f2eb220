"""How the pages of the service look: one style sheet, light and dark, from 320 pixels up. A text, no code."""

STYLE = """
:root{--ink:#1a222c;--quiet:#55606d;--paper:#fff;--card:#f4f6f9;--line:#d3dae2;--link:#0b5cad;--high:#a4000f;
--medium:#8a5200;--low:#1d6b3c;--fill:#2563a8;--rest:#d5dde6;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--ink:#e8ecf1;--quiet:#a4afbc;--paper:#12171d;--card:#1b222a;--line:#38424d;
--link:#82b8f2;--high:#ff9a90;--medium:#f0b95c;--low:#7ed3a2;--fill:#6ea8e8;--rest:#36414c}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,"Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
a{color:var(--link)}:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.5rem}
.top{border-bottom:1px solid var(--line)}.top>div,main{max-width:66rem;margin:0 auto;padding:.7rem 1.2rem}
.top>div,.top nav{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;align-items:center}
.top b{font-size:1.05rem;margin-right:auto}
.top form{display:flex;gap:.4rem;margin:0}.top input{width:11rem}
.open{margin:0;padding:.5rem 1.2rem;background:#7a4700;color:#fff;text-align:center}
.open code{color:inherit;background:none}
main{padding-bottom:3rem}main.narrow{max-width:26rem;margin-top:10vh}.narrow input,.narrow button{width:100%;
margin:.3rem 0}h1{font-size:1.6rem;margin:1.2rem 0 .2rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2rem 0 .5rem}p{margin:.3rem 0}.quiet,caption{color:var(--quiet);font-size:.9rem}
.foot{border-top:1px solid var(--line);margin-top:2.4rem}.foot h2{font-size:1rem;margin-top:.9rem}
label{font-size:.9rem;color:var(--quiet);display:block}
input,select,button,.button{font:inherit;padding:.42rem .7rem;border:1px solid #6b7681;border-radius:7px;
background:var(--paper);color:var(--ink);min-height:2.6rem;max-width:100%}
button,.button{background:var(--link);border-color:var(--link);color:var(--paper);cursor:pointer;text-decoration:none;
display:inline-block}
.button.second{background:none;color:var(--link)}
button.plain{background:none;border:0;color:var(--link);text-decoration:underline;padding:0 .2rem;min-height:0}
form.row{display:flex;flex-wrap:wrap;gap:.7rem 1rem;align-items:end;margin:.8rem 0;padding:.9rem 1rem;
background:var(--card);border-radius:10px}form.row .wide{flex:1 1 16rem}form.row .wide input{width:100%}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.3rem 0}th,td{padding:.5rem .8rem .5rem 0;border-bottom:1px solid var(--line);
text-align:left;vertical-align:top}th{font-weight:600;font-size:.9rem;color:var(--quiet);white-space:nowrap}
td.number,th.number{text-align:right;padding-right:1.8rem}.band{font-weight:600;white-space:nowrap}
span.band{border:1px solid;border-radius:999px;padding:.05rem .6rem;font-size:.92em}
.mark{border:1px solid var(--line);border-radius:999px;padding:0 .5rem;font-size:.8rem;color:var(--quiet);
white-space:nowrap}
table.list td{white-space:nowrap}table.list tbody th{position:sticky;left:0;background:var(--paper);min-width:6.2rem;
max-width:14rem;white-space:normal;overflow-wrap:anywhere;font-size:1rem}
table.list tbody tr:hover>*{background:var(--card)}
table.bars{max-width:44rem}table.bars th,table.bars td{border:0;padding:.3rem 0;vertical-align:middle}
table.bars th{padding-right:.8rem}table.bars .picture{width:100%}table.bars svg{width:100%;height:14px;display:block}
table.bars .number{padding:0 0 0 .8rem}
.high,.worse{color:var(--high)}.medium{color:var(--medium)}.low,.better{color:var(--low)}
.wins .high{color:var(--low)}.wins .low{color:var(--quiet)}
.tabs{display:flex;gap:.3rem;margin:1rem 0 .6rem;flex-wrap:wrap}.tabs a{padding:.35rem .9rem;border-radius:999px;
border:1px solid var(--line);text-decoration:none}.tabs a[aria-current]{background:var(--link);color:var(--paper);
border-color:var(--link)}
.answer{display:flex;flex-wrap:wrap;gap:.4rem 1.6rem;align-items:baseline;background:var(--card);border-radius:12px;
padding:1rem 1.2rem;margin:1rem 0}.answer .big{font-size:2.6rem;font-weight:650;line-height:1.1}
.answer div{max-width:40rem}.answer svg{flex:1 0 100%;height:14px;width:100%}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(18rem,1fr));gap:0 2.4rem}
ul.reasons{list-style:none;padding:0;margin:.4rem 0}ul.reasons li{padding:.55rem 0;border-bottom:1px solid var(--line)}
ol.offers{margin:.4rem 0;padding-left:1.4rem}ul.reasons svg{width:100%;height:6px;display:block;margin-top:.35rem}
.way{font-weight:600;margin-right:.3rem;white-space:nowrap}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.7rem;margin:.6rem 0}
dl div{background:var(--card);border-radius:10px;padding:.6rem .9rem}dt{font-size:.85rem;color:var(--quiet)}
dd{margin:0;font-size:1.15rem;font-variant-numeric:tabular-nums}
dd small{display:block;font-size:.8rem;color:var(--quiet)}
.fill{fill:var(--fill)}.rest{fill:var(--rest)}.line{stroke:var(--line)}.bad{fill:var(--high)}.good{fill:var(--low)}
.whisker{stroke:var(--ink);stroke-width:1.5}
.problem{border-left:4px solid var(--medium);padding:.2rem 1rem;margin:1rem 0}
code{font-size:.92em;background:var(--card);border-radius:3px;padding:0 4px;overflow-wrap:anywhere}
nav.pages{display:flex;gap:1.2rem;margin:1rem 0;align-items:center}
@media (max-width:34rem){.answer .big{font-size:2rem}
th,td,td.number,th.number{padding-right:.7rem}h1{font-size:1.35rem}}
@media print{.top,form,nav{display:none}}
"""
